package io.lakeloop.reward;

/**
 * A training pair.
 *
 * @param probability how likely the chosen completion really is the better one, 0.5 to 1
 * @param weight share of this pair in the loss
 * @param margin by how much the chosen reward should lie above the rejected one
 */
public record PreferencePair(
    String prompt,
    String chosen,
    String rejected,
    double probability,
    double weight,
    double margin) {

  public Exchange chosenExchange() {
    return new Exchange(prompt, chosen);
  }

  public Exchange rejectedExchange() {
    return new Exchange(prompt, rejected);
  }
}
