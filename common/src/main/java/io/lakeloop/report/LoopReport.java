package io.lakeloop.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.run.JobContext;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/** The whole loop on one page that needs no network: data, style and charting library inside. */
public final class LoopReport {
  private static final String PAGE = "page.html";
  private static final String CHARTS =
      "/META-INF/resources/webjars/chart.js/4.4.9/dist/chart.umd.js";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JobContext context;

  public LoopReport(JobContext context) {
    this.context = context;
  }

  /**
   * Writes the page; one that is there stays readable until the new one is whole.
   *
   * @param landing folder of the settings with planted.json and raters.json, or empty
   */
  public void write(Path page, String landing) throws IOException {
    LoopData gatherer = new LoopData(context);
    Map<String, Object> data = gatherer.gather();
    if (!landing.isBlank()) {
      data.put("planted", gatherer.planted(read(landing + "/planted.json", Planted.class)));
      data.put("truth", read(landing + "/raters.json", Map.class));
    }
    Files.createDirectories(page.toAbsolutePath().getParent());
    Path fresh = page.resolveSibling(page.getFileName() + ".new");
    Files.writeString(fresh, page(data));
    Files.move(fresh, page, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private <T> T read(String setting, Class<T> type) throws IOException {
    Path file = context.input(setting);
    if (!Files.exists(file)) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot compare with what was planted: there is no %s. Leave landing empty for a real"
              + " lake.",
          context.path(setting));
    }
    T read;
    try {
      read = JSON.readValue(file.toFile(), type);
    } catch (IOException e) {
      read = null;
    }
    if (read == null) {
      throw new UserError(
          ErrorCode.INPUT_UNREADABLE,
          "Cannot compare with what was planted: %s is not as simulate-logs and simulate-labels"
              + " write it. Run them again, or leave landing empty for a real lake.",
          context.path(setting));
    }
    return read;
  }

  private static String page(Map<String, Object> data) throws IOException {
    return resource(LoopReport.class.getPackageName().replace('.', '/'), PAGE)
        .replace("/*CHARTS*/", script(resource("", CHARTS)))
        .replace("/*DATA*/", script(json(data)));
  }

  private static String json(Map<String, Object> data) throws JsonProcessingException {
    return JSON.writeValueAsString(data);
  }

  /** Text within a script element must not close it, nor open a comment. */
  private static String script(String text) {
    return text.replace("</", "<\\/").replace("<!--", "<\\!--");
  }

  private static String resource(String folder, String name) throws IOException {
    String path = name.startsWith("/") ? name : "/" + folder + "/" + name;
    try (InputStream in = LoopReport.class.getResourceAsStream(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
