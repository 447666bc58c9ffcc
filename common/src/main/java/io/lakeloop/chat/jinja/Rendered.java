package io.lakeloop.chat.jinja;

import java.util.List;

/**
 * What a template made.
 *
 * @param generated parts that stand in {@code {% generation %}} blocks: what the assistant wrote
 */
public record Rendered(String text, List<Span> generated) {}
