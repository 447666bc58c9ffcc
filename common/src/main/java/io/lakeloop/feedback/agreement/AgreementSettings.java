package io.lakeloop.feedback.agreement;

import io.lakeloop.agreement.Estimate.Quantiles;
import io.lakeloop.agreement.ItemAgreement.AlphaError;
import io.lakeloop.agreement.ItemAgreement.Pooling;
import io.lakeloop.agreement.RaterPairs;
import io.lakeloop.agreement.Weighting;
import io.lakeloop.config.Problems;
import io.lakeloop.config.Quoted;
import io.lakeloop.feedback.labels.LabelBlocks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which definitions the coefficients have where libraries differ.
 *
 * @param slices kinds of slices beside all: cohort, batch, language, month, guideline_version
 * @param categories the values of a question in their order, {@code a|b|c}, by question
 * @param customWeights agreement of values, rows apart by {@code |}, by question
 * @param pooling what is averaged where items have different numbers of labels
 * @param quantiles of the intervals
 * @param alphaError how alpha's standard error is made
 * @param pairRaters pairs of raters are compared up to this many raters
 * @param resamples bootstrap resamples
 * @param seed of the resampling
 */
public record AgreementSettings(
    List<String> slices,
    Map<String, String> categories,
    Map<String, String> customWeights,
    Pooling pooling,
    Quantiles quantiles,
    AlphaError alphaError,
    int pairRaters,
    int resamples,
    long seed) {

  /** Kinds of slices, and the column of labels or of the item that tells them apart. */
  public static final Map<String, String> SLICES =
      Map.of(
          "cohort", "cohort",
          "batch", "batch",
          "guideline_version", "guideline_version",
          "month", "date_format(submitted_at, 'yyyy-MM')",
          "language", "language");

  /** Numbers in the tables of all pairs of raters, of which a block has one set, 100 MB at most. */
  private static final long MOST_CELLS = 12_500_000;

  public AgreementSettings {
    Problems problems =
        Problems.in("labeler-agreement")
            .require(
                SLICES.keySet().containsAll(slices),
                "coefficients.slices must be some of %s, got %s",
                SLICES.keySet().stream().sorted().toList(),
                slices)
            .require(
                Set.copyOf(slices).size() == slices.size(),
                "coefficients.slices must name each kind once, got %s",
                slices)
            .require(
                pairRaters >= 2 && pairRaters <= 1000,
                "coefficients.pair-raters must lie in 2..1,000, got %d",
                pairRaters)
            .require(
                resamples >= 100 && resamples <= 100_000,
                "coefficients.resamples must lie in 100..100,000, got %d",
                resamples);
    categories.forEach(
        (question, order) ->
            problems.require(
                areCategories(Arrays.stream(order.split("\\|", -1)).map(String::strip).toList()),
                "coefficients.categories.%s must be up to %d different answers apart by |, none"
                    + " blank, got %s",
                question,
                LabelBlocks.MOST_VALUES,
                Quoted.of(order)));
    customWeights.forEach(
        (question, rows) ->
            problems.require(
                square(matrix(rows)),
                "coefficients.custom-weights of %s must be a square of numbers with 1 on its"
                    + " diagonal, rows apart by |, got %s",
                question,
                rows));
    problems.throwIfAny();
  }

  private static boolean areCategories(List<String> values) {
    return values.size() <= LabelBlocks.MOST_VALUES
        && values.stream().noneMatch(String::isBlank)
        && Set.copyOf(values).size() == values.size();
  }

  private static boolean square(List<double[]> rows) {
    for (int k = 0; k < rows.size(); k++) {
      double[] row = rows.get(k);
      if (row.length != rows.size()
          || row[k] != 1
          || Arrays.stream(row).anyMatch(w -> !(w >= 0 && w <= 1))) {
        return false;
      }
    }
    return true;
  }

  private static List<double[]> matrix(String rows) {
    List<double[]> matrix = new ArrayList<>();
    for (String row : rows.split("\\|")) {
      matrix.add(
          Arrays.stream(row.strip().split("\\s+"))
              .mapToDouble(AgreementSettings::number)
              .toArray());
    }
    return matrix;
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /** Whether there are few enough of both that pairs of raters are compared. */
  boolean comparesPairs(int raters, int values) {
    return raters <= pairRaters && new RaterPairs(raters, values).cells() <= MOST_CELLS;
  }

  /** The declared order of a question's values; empty where there is none. */
  public List<String> declared(String question) {
    String order = categories.get(question);
    return order == null
        ? List.of()
        : Arrays.stream(order.split("\\|")).map(String::strip).toList();
  }

  /** The weights that were set for a question; empty where there are none. */
  public List<Weighting> custom(String question) {
    String rows = customWeights.get(question);
    return rows == null
        ? List.of()
        : List.of(new Weighting("custom", matrix(rows).toArray(double[][]::new)));
  }
}
