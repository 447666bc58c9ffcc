package io.lakeloop.chat.jinja;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The names that are known at one place of a rendering, and where its text goes. */
final class Frame {
  /** What all frames of one rendering share. */
  static final class Rendering {
    final Budget budget = new Budget();
    final LocalDate today;
    final List<Span> generated = new ArrayList<>();
    final StringBuilder whole = new StringBuilder();
    int line = 1;

    Rendering(LocalDate today) {
      this.today = today;
    }
  }

  final Rendering rendering;
  final StringBuilder out;
  private final Frame parent;
  private final Map<String, Object> names;

  private Frame(Rendering rendering, Frame parent, StringBuilder out, Map<String, Object> names) {
    this.rendering = rendering;
    this.parent = parent;
    this.out = out;
    this.names = names;
  }

  static Frame root(Rendering rendering, Map<String, Object> variables) {
    Frame globals = new Frame(rendering, null, rendering.whole, new HashMap<>(Globals.functions()));
    globals.names.putAll(variables);
    return globals.inner();
  }

  /** A scope within this one. */
  Frame inner() {
    return new Frame(rendering, this, out, new HashMap<>());
  }

  /** A scope within this one whose text is kept apart. */
  Frame apart() {
    return new Frame(rendering, this, new StringBuilder(), new HashMap<>());
  }

  Budget budget() {
    return rendering.budget;
  }

  Object get(String name) {
    for (Frame frame = this; frame != null; frame = frame.parent) {
      Object value = frame.names.get(name);
      if (value != null || frame.names.containsKey(name)) {
        return value;
      }
    }
    return Undefined.name(name);
  }

  void set(String name, Object value) {
    names.put(name, value);
  }

  void write(String text) {
    budget().text(text.length());
    if (out.length() + (long) text.length() > Budget.MOST_OUTPUT) {
      throw TemplateException.limit("it writes more than %,d characters", Budget.MOST_OUTPUT);
    }
    out.append(text);
  }

  /** Whether what is written here stands in the rendered text at once. */
  boolean isOuter() {
    return out == rendering.whole;
  }
}
