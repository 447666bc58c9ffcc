package io.lakeloop.chat.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code namespace()} gives: values that blocks inside may set. */
record Namespace(Map<String, Object> values) {
  Namespace() {
    this(new LinkedHashMap<>());
  }

  void set(String name, Object value) {
    if (name.startsWith("_")) {
      throw TemplateException.value(
          "a namespace takes no name that begins with an underline: '%s'", name);
    }
    values.put(name, value);
  }
}
