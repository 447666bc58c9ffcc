package io.lakeloop.feedback.logs;

import com.fasterxml.jackson.databind.JsonNode;

/** Forms in which records of conversations come. */
public enum LogFormat {
  /** One exchange per record, in the project's own fields. */
  LAKELOOP,
  /** A list {@code messages} with roles and contents, tool calls among them, as OpenAI has it. */
  OPENAI_CHAT,
  /** A list {@code conversations} of {@code from} and {@code value}. */
  SHAREGPT,
  /** A tree of messages below {@code prompt}, as OpenAssistant exports it. */
  OASST_TREE,
  /** One message per record, which names its parent or holds its replies. */
  OASST_MESSAGES;

  /** Tells by the record's fields; what looks like none of the others is held for our own. */
  public static LogFormat of(JsonNode record) {
    if (record.has("prompt") && record.get("prompt").isObject()) {
      return OASST_TREE;
    }
    if (record.has("prompt") || record.has("completion")) {
      return LAKELOOP;
    }
    if (record.has("messages") || record.path("request").has("messages")) {
      return OPENAI_CHAT;
    }
    if (record.has("conversations")) {
      return SHAREGPT;
    }
    return record.has("text") && record.has("role") ? OASST_MESSAGES : LAKELOOP;
  }

  /** True if what a record says cannot be told without the records beside it. */
  boolean needsOthers(JsonNode record) {
    return this == OASST_MESSAGES && !record.path("replies").isArray();
  }
}
