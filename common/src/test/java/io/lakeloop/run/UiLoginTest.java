package io.lakeloop.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import javax.servlet.DispatcherType;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparkproject.jetty.server.Server;
import org.sparkproject.jetty.server.ServerConnector;
import org.sparkproject.jetty.servlet.FilterHolder;
import org.sparkproject.jetty.servlet.ServletContextHandler;
import org.sparkproject.jetty.servlet.ServletHolder;

/** Asks over HTTP, of the server that Spark's user interface runs in. */
class UiLoginTest {
  @TempDir private Path folder;
  private Server server;

  private void serve(Path file) throws Exception {
    server = new Server(0);
    ServletContextHandler handler = new ServletContextHandler();
    FilterHolder filter = new FilterHolder(UiLogin.class);
    filter.setInitParameter("file", file.toString());
    handler.addFilter(filter, "/*", EnumSet.allOf(DispatcherType.class));
    handler.addServlet(
        new ServletHolder(
            new HttpServlet() {
              @Override
              protected void doGet(HttpServletRequest request, HttpServletResponse response)
                  throws IOException {
                response.getWriter().print("what runs");
              }
            }),
        "/jobs");
    server.setHandler(handler);
    server.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.stop();
  }

  private HttpResponse<String> get(Optional<String> authorization) throws Exception {
    int port = ((ServerConnector) server.getConnectors()[0]).getLocalPort();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/jobs"));
    authorization.ifPresent(header -> request.header("Authorization", header));
    return HttpClient.newHttpClient()
        .send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
  }

  private static Optional<String> basic(String login) {
    return Optional.of(
        "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void whoKnowsThePasswordGetsIn() throws Exception {
    Path file = folder.resolve("new/ui-password");
    serve(file);
    String password = Files.readString(file);
    assertThat(password).hasSizeGreaterThan(40);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    HttpResponse<String> answer = get(basic("anybody:" + password));
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("what runs");
  }

  @Test
  void nobodyElseDoes() throws Exception {
    Path file = folder.resolve("ui-password");
    serve(file);
    String password = Files.readString(file);
    for (Optional<String> header :
        List.of(
            Optional.<String>empty(),
            basic("anybody:wrong"),
            basic("anybody:" + password.substring(1)),
            basic(password),
            Optional.of("Basic not base64!"),
            Optional.of("Basic"),
            Optional.of("Bearer " + password))) {
      HttpResponse<String> answer = get(header);
      assertThat(answer.statusCode()).as("%s", header).isEqualTo(401);
      assertThat(answer.headers().firstValue("WWW-Authenticate").orElse("")).startsWith("Basic");
      assertThat(answer.body()).doesNotContain("what runs");
    }
  }

  @Test
  void withoutAPasswordNobodyDoes() throws Exception {
    Path file = Files.createDirectory(folder.resolve("a-folder"));
    serve(file);
    assertThat(get(basic("anybody:")).statusCode()).isEqualTo(401);
  }
}
