package io.lakeloop.feedback.logs;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * One question and its answer in a conversation that comes as a list or tree of messages.
 *
 * @param turn of the exchange, from 1; alternatives to one answer share it
 * @param key tells the exchange from the others of its record
 * @param history earlier messages, oldest first, as role and content
 * @param toolCalls calls made for this answer, as name, arguments and result
 * @param path messages with authors of their own that it answers, the prompt last; empty where the
 *     record has one user
 */
record Exchanged(
    int turn,
    String key,
    String prompt,
    String completion,
    List<String[]> history,
    List<String[]> toolCalls,
    List<JsonNode> path) {}
