package io.lakeloop.feedback.pairs;

import com.fasterxml.jackson.databind.JsonNode;
import io.lakeloop.feedback.Unusable;
import java.util.List;

/** What a record says of how sure and how wide its preference is, and what it is about. */
record Certainty(double pChosen, double weight, double margin, String product) {
  /** Names of the scores of chosen and rejected. */
  private static final List<List<String>> SCORES =
      List.of(
          List.of("score_chosen", "score_rejected"),
          List.of("chosen_score", "rejected_score"),
          List.of("chosen-rating", "rejected-rating"),
          List.of("chosen_rating", "rejected_rating"),
          List.of("chosen_avg_rating", "rejected_avg_rating"),
          List.of("rating_chosen", "rating_rejected"));

  /**
   * @param marginPerScore margin of a pair whose answers' scores differ by 1
   * @throws Unusable CONTRADICTING_SCORES where chosen is scored below rejected
   */
  static Certainty of(JsonNode record, double marginPerScore) throws Unusable {
    double byScore = marginPerScore * difference(record);
    return new Certainty(
        Sides.number(record, "p_chosen", 1),
        Sides.number(record, "weight", 1),
        Sides.number(record, "margin", byScore),
        product(record));
  }

  Pair of(Pair pair) {
    double by = margin != 0 ? margin : pair.margin();
    return new Pair(pair.before(), pair.chosen(), pair.rejected(), pChosen, weight, by, product);
  }

  private static double difference(JsonNode record) throws Unusable {
    for (List<String> names : SCORES) {
      JsonNode chosen = record.path(names.get(0));
      JsonNode rejected = record.path(names.get(1));
      if (chosen.isNumber() && rejected.isNumber()) {
        double difference = chosen.doubleValue() - rejected.doubleValue();
        if (difference < 0) {
          throw new Unusable(
              "CONTRADICTING_SCORES",
              names.get(0) + " " + chosen + " is below " + names.get(1) + " " + rejected);
        }
        return difference;
      }
    }
    return 0;
  }

  private static String product(JsonNode record) throws Unusable {
    JsonNode product = record.path("product");
    if (product.isContainerNode()) {
      throw new Unusable("WRONG_TYPE", "product must be text or a number");
    }
    return product.asText(null);
  }
}
