package io.lakeloop.lm.tokenizer;

/**
 * Token ids within a limit, and what had to go for it.
 *
 * @param messagesCut whole messages that were left out
 * @param tokensCut tokens that were left out, those of whole messages among them
 */
public record Encoded(int[] ids, int messagesCut, int tokensCut) {}
