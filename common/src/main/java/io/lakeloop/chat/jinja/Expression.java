package io.lakeloop.chat.jinja;

/** A part of a template that has a value. */
@FunctionalInterface
interface Expression {
  Object value(Frame frame);
}
