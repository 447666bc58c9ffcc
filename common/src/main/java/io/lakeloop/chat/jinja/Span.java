package io.lakeloop.chat.jinja;

/** A part of a text: from the character at {@code start} to the one before {@code end}. */
public record Span(int start, int end) {}
