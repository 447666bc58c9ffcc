package io.lakeloop.run;

import io.lakeloop.config.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Optional;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.FilterConfig;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens Spark's user interface and its metrics to those alone who know the password that lies in a
 * file (HTTP Basic, RFC 7617; any user name): queries, plans and paths can be read there, and jobs
 * be stopped. Set by {@code spark.ui.filters}; its parameter {@code file} may begin with {@code
 * ~/}. A file that is not there is made, with a password drawn at random. Without a password nobody
 * gets in.
 */
public final class UiLogin implements Filter {
  private static final Logger LOG = LoggerFactory.getLogger(UiLogin.class);
  private static final String BASIC = "Basic ";

  private byte[] password;

  @Override
  public void init(FilterConfig config) throws ServletException {
    String file = config.getInitParameter("file");
    if (file == null || file.isBlank()) {
      throw new ServletException(
          "Cannot protect Spark's user interface: spark."
              + UiLogin.class.getName()
              + ".param.file is not set. Name a file for its password.");
    }
    try {
      password = SecretFile.read(path(file), true);
    } catch (IOException | UserError e) {
      // A run goes on where nobody can watch it.
      LOG.error(
          "Cannot open Spark's user interface to anybody: its password cannot be read ({})."
              + " Make the file readable, or name another with spark.{}.param.file.",
          e.toString(),
          UiLogin.class.getName());
    }
  }

  private static Path path(String file) {
    return file.startsWith("~/")
        ? Path.of(System.getProperty("user.home"), file.substring(2))
        : Path.of(file);
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    Optional<byte[]> given = given(((HttpServletRequest) request).getHeader("Authorization"));
    if (password != null && given.filter(g -> MessageDigest.isEqual(g, password)).isPresent()) {
      chain.doFilter(request, response);
      return;
    }
    HttpServletResponse refusal = (HttpServletResponse) response;
    refusal.setHeader("WWW-Authenticate", "Basic realm=\"Spark\", charset=\"UTF-8\"");
    refusal.sendError(HttpServletResponse.SC_UNAUTHORIZED);
  }

  /** The password that the header gives, if it is one of HTTP Basic's. */
  private static Optional<byte[]> given(String header) {
    if (header == null || !header.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
      return Optional.empty();
    }
    try {
      String login =
          new String(
              Base64.getDecoder().decode(header.substring(BASIC.length()).strip()),
              StandardCharsets.UTF_8);
      int colon = login.indexOf(':');
      return colon < 0
          ? Optional.empty()
          : Optional.of(login.substring(colon + 1).getBytes(StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
