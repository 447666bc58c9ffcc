package io.lakeloop.feedback.agreement;

import io.lakeloop.agreement.CohortAgreement;
import io.lakeloop.agreement.Estimate;
import io.lakeloop.agreement.Estimate.Quantiles;
import io.lakeloop.agreement.FixedSums;
import io.lakeloop.feedback.labels.LabelBlocks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whether cohorts of raters judge differently: {@code in_group_agreement}, {@code
 * cross_group_agreement} and {@code cohort_gap}, the difference, with its p-value; of each cohort
 * against the others, and of all together. Raters who should be reviewed or excluded are left out:
 * noise is no taste.
 */
public final class Cohorts {
  private Cohorts() {}

  /**
   * @param cohorts by rater
   * @param leftOut raters that do not count
   * @return by slice value: cohort, or all
   */
  public static Map<String, List<Coefficients.Measured>> compare(
      LabelBlocks labels, Map<String, String> cohorts, Set<String> leftOut, Quantiles quantiles) {
    List<String> names = new ArrayList<>(new TreeSet<>(cohorts.values()));
    Map<String, List<Coefficients.Measured>> found = new java.util.LinkedHashMap<>();
    if (names.size() < 2) {
      return found;
    }
    int[] numbers = new int[labels.raters().size()];
    for (int r = 0; r < numbers.length; r++) {
      String rater = labels.raters().get(r);
      numbers[r] = leftOut.contains(rater) ? -1 : names.indexOf(cohorts.get(rater));
    }
    for (int cohort = -1; cohort < names.size(); cohort++) {
      int looked = cohort;
      FixedSums sums =
          labels
              .latest()
              .map(block -> CohortAgreement.sums(block, numbers, looked))
              .reduce(FixedSums::merge);
      List<Estimate> estimates = CohortAgreement.estimates(sums, quantiles);
      if (!estimates.isEmpty()) {
        String value = cohort < 0 ? "all" : names.get(cohort);
        found.put(
            value, measured(estimates, CohortAgreement.items(sums), numbers, labels.labels()));
      }
    }
    return found;
  }

  private static List<Coefficients.Measured> measured(
      List<Estimate> estimates, long items, int[] numbers, long labels) {
    List<String> coefficients =
        List.of("in_group_agreement", "cross_group_agreement", "cohort_gap");
    long raters = java.util.Arrays.stream(numbers).filter(n -> n >= 0).count();
    List<Coefficients.Measured> measured = new ArrayList<>();
    for (int i = 0; i < coefficients.size(); i++) {
      measured.add(
          new Coefficients.Measured(
              coefficients.get(i),
              "identity",
              null,
              null,
              estimates.get(i),
              items,
              raters,
              labels));
    }
    return measured;
  }
}
