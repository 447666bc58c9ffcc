package io.lakeloop.chat.jinja;

/** What can be called in a template: macros, globals, methods bound to their value. */
@FunctionalInterface
interface Function {
  Object call(Frame frame, Arguments arguments);
}
