package io.lakeloop.session;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * What one task at a time works with on an executor: models that stay between tasks. Slots of one
 * device share their bases.
 */
public final class Slot implements AutoCloseable {
  private final ModelLoader models;
  private final Map<String, AutoCloseable> kept = new HashMap<>();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  Slot(ModelLoader models) {
    this.models = models;
  }

  /** Opens what a slot keeps. */
  @FunctionalInterface
  public interface Opener<T extends AutoCloseable> {
    T open(ModelLoader models) throws IOException;
  }

  /** What is kept under the name; opened where it is not there yet. */
  @SuppressWarnings("unchecked")
  public <T extends AutoCloseable> T keep(String name, Opener<T> opener) throws IOException {
    AutoCloseable found = kept.get(name);
    if (found == null) {
      found = opener.open(models);
      kept.put(name, found);
      opened.push(found);
    }
    return (T) found;
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
    kept.clear();
    opened.clear();
  }
}
