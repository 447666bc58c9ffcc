package io.lakeloop.chat;

import java.io.Serializable;

/**
 * A call that the assistant asked for.
 *
 * @param id that the result refers to, or null
 * @param name of the function
 * @param arguments as JSON, or whatever text stood for it; null where there were none
 */
public record ToolCall(String id, String name, String arguments) implements Serializable {}
