package io.lakeloop.reward;

import io.lakeloop.chat.Conversation;

/**
 * A training pair.
 *
 * @param before what both answers were given to
 * @param probability how likely the chosen completion really is the better one, 0.5 to 1
 * @param weight share of this pair in the loss
 * @param margin by how much the chosen reward should lie above the rejected one
 */
public record PreferencePair(
    Conversation before,
    String chosen,
    String rejected,
    double probability,
    double weight,
    double margin) {

  public Exchange chosenExchange() {
    return new Exchange(before, chosen);
  }

  public Exchange rejectedExchange() {
    return new Exchange(before, rejected);
  }
}
