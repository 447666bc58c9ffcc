package io.lakeloop.chat.jinja;

/** A part of a template that does something. */
@FunctionalInterface
interface Statement {
  /** Where to go on. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  Flow run(Frame frame);
}
