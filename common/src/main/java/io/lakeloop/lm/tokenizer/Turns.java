package io.lakeloop.lm.tokenizer;

/**
 * A whole conversation as a model reads it.
 *
 * @param ids its tokens
 * @param answers true at each token of an assistant's turn that is to be learned, the token that
 *     ends the turn among them
 * @param messagesCut whole messages that were left out
 * @param tokensCut tokens that were left out
 */
public record Turns(int[] ids, boolean[] answers, int messagesCut, int tokensCut) {}
