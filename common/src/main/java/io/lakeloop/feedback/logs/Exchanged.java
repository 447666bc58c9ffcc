package io.lakeloop.feedback.logs;

import java.util.List;

/**
 * One question and its answer in a conversation that comes as a list or tree of messages.
 *
 * @param turn of the exchange, from 1; alternatives to one answer share it
 * @param key tells the exchange from the others of its record
 * @param history earlier messages, oldest first, as role and content
 * @param user who wrote the prompt, or null where the messages do not tell
 * @param toolCalls calls made for this answer, as name, arguments and result
 */
record Exchanged(
    int turn,
    String key,
    String user,
    String prompt,
    String completion,
    List<String[]> history,
    List<String[]> toolCalls) {}
