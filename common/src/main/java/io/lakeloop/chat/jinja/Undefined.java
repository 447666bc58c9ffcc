package io.lakeloop.chat.jinja;

/**
 * The value of what is not there. It prints as nothing and is false, but has no parts: asking for
 * them fails with its own words.
 */
record Undefined(String why) {
  static Undefined name(String name) {
    return new Undefined("'" + name + "' is undefined");
  }

  TemplateException failure() {
    return TemplateException.value("%s", why);
  }
}
