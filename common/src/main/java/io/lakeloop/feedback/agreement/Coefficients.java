package io.lakeloop.feedback.agreement;

import io.lakeloop.agreement.CongerKappa;
import io.lakeloop.agreement.Estimate;
import io.lakeloop.agreement.Estimate.Quantiles;
import io.lakeloop.agreement.ItemAgreement;
import io.lakeloop.agreement.ItemAgreement.AlphaError;
import io.lakeloop.agreement.ItemAgreement.Pooling;
import io.lakeloop.agreement.LabelCounts;
import io.lakeloop.agreement.PatternBootstrap;
import io.lakeloop.agreement.RaterPairs;
import io.lakeloop.agreement.Weighting;
import io.lakeloop.feedback.labels.LabelBlocks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Every agreement coefficient that the labels of one slice allow.
 *
 * <p>{@code percent_agreement, fleiss_kappa, randolph_kappa, brennan_prediger, gwet_ac,
 * krippendorff_alpha} need no raters' names; {@code conger_kappa} and {@code light_kappa} do;
 * {@code cohen_kappa, scott_pi, bangdiwala_b, cohen_kappa_max} need two raters, and {@code
 * cohen_kappa} of each pair of more has a slice of its own. {@code fleiss_kappa_category} is
 * Fleiss' of one category against the others. With an order or numbers, all weights are computed;
 * identity otherwise.
 */
public final class Coefficients {
  private static final long CELLS_AT_ONCE = 4_000_000;

  /**
   * One coefficient of the slice.
   *
   * @param pair the two raters that it is about, or null for all
   * @param category that it is about, or null for all
   */
  public record Measured(
      String coefficient,
      String weights,
      String pair,
      String category,
      Estimate estimate,
      long items,
      long raters,
      long labels) {}

  private final AgreementSettings settings;
  private final LabelBlocks labels;
  private final LabelCounts counts;
  private final List<Weighting> weightings;
  private final long seed;
  private final List<Measured> measured = new ArrayList<>();

  private Coefficients(
      AgreementSettings settings, String question, LabelBlocks labels, boolean ordered, long seed) {
    this.settings = settings;
    this.labels = labels;
    this.counts = labels.counts();
    this.weightings = new ArrayList<>();
    List<String> values = labels.values();
    if (ordered && values.size() > 1) {
      weightings.addAll(Weighting.all(scores(values)));
    } else {
      weightings.add(Weighting.identity(values.size()));
    }
    weightings.addAll(settings.custom(question));
    this.seed = seed;
  }

  private static double[] scores(List<String> values) {
    return LabelBlocks.numeric(values) && ascending(values)
        ? values.stream().mapToDouble(Double::parseDouble).toArray()
        : IntStream.rangeClosed(1, values.size()).asDoubleStream().toArray();
  }

  private static boolean ascending(List<String> values) {
    return values.stream()
        .map(Double::valueOf)
        .sorted()
        .toList()
        .equals(values.stream().map(Double::valueOf).toList());
  }

  /**
   * @param question whose custom weights are taken
   * @param ordered whether the values have an order
   * @return nothing where no item has two labels
   */
  public static List<Measured> of(
      AgreementSettings settings, String question, LabelBlocks labels, boolean ordered, long seed) {
    Coefficients all = new Coefficients(settings, question, labels, ordered, seed);
    if (all.counts.pairable().items() > 0) {
      all.items();
      all.conger();
      all.pairs();
    }
    return all.measured;
  }

  private void items() {
    boolean two = labels.raters().size() == 2;
    for (Weighting weighting : weightings) {
      ItemAgreement items = agreement(counts, weighting, settings.pooling());
      add("krippendorff_alpha", weighting, alpha(counts, weighting));
      add("percent_agreement", weighting, items.percent());
      add("fleiss_kappa", weighting, items.fleiss());
      if (two) {
        add("scott_pi", weighting, items.fleiss());
      }
      add("brennan_prediger", weighting, items.brennanPrediger());
      if (weighting.name().equals("identity")) {
        add("randolph_kappa", weighting, items.brennanPrediger());
      }
      add("gwet_ac", weighting, items.gwet());
      if (weighting.name().equals("ordinal")) {
        krippendorffOrdinal();
      }
    }
    for (int k = 0; k < labels.values().size() && labels.values().size() > 1; k++) {
      LabelCounts against = counts.against(k);
      add(
          "fleiss_kappa_category",
          "identity",
          null,
          labels.values().get(k),
          agreement(against, Weighting.identity(2), settings.pooling()).fleiss());
    }
  }

  private ItemAgreement agreement(LabelCounts from, Weighting weighting, Pooling pooling) {
    return new ItemAgreement(from, weighting, pooling, settings.quantiles());
  }

  private Estimate alpha(LabelCounts from, Weighting weighting) {
    return agreement(from, weighting, Pooling.POOLED_PAIRS).alpha(settings.alphaError());
  }

  /**
   * Its distances depend on the data, for which there is no formula: resampled on the executors.
   */
  private void krippendorffOrdinal() {
    Quantiles quantiles = settings.quantiles();
    PatternBootstrap bootstrap = new PatternBootstrap(counts.pairable(), seed);
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(labels.blocks().context());
    List<Integer> numbers = IntStream.range(0, settings.resamples()).boxed().toList();
    double[] values =
        spark
            .parallelize(numbers, Math.max(1, spark.defaultParallelism()))
            .map(number -> ordinalAlpha(bootstrap.resample(number), quantiles))
            .collect()
            .stream()
            .mapToDouble(Double::doubleValue)
            .toArray();
    Weighting metric = Weighting.krippendorffOrdinal(counts);
    add("krippendorff_alpha", metric, resampled(alpha(counts, metric), values));
  }

  private static double ordinalAlpha(LabelCounts drawn, Quantiles quantiles) {
    Weighting metric = Weighting.krippendorffOrdinal(drawn);
    return new ItemAgreement(drawn, metric, Pooling.POOLED_PAIRS, quantiles)
        .alpha(AlphaError.LINEARISED)
        .value();
  }

  private void conger() {
    if (labels.raters().size() < 2) {
      return;
    }
    long[][] margins = labels.margins();
    List<CongerKappa> kappas =
        weightings.stream().map(w -> new CongerKappa(margins, counts.items(), w)).toList();
    List<CongerKappa.Sums> sums = labels.conger(new ArrayList<>(kappas));
    for (int w = 0; w < weightings.size(); w++) {
      add(
          "conger_kappa",
          weightings.get(w),
          kappas.get(w).estimate(sums.get(w), settings.quantiles()));
    }
  }

  private void pairs() {
    int raters = labels.raters().size();
    if (raters < 2 || !settings.comparesPairs(raters, labels.values().size())) {
      return;
    }
    RaterPairs pairs = new RaterPairs(raters, labels.values().size());
    long[] cells = labels.latest().map(pairs::count).reduce(LabelBlocks::add);
    List<RaterPairs.Pair> tables = pairs.tables(cells, 0, settings.quantiles());
    if (tables.isEmpty()) {
      return;
    }
    if (raters == 2) {
      RaterPairs.Pair pair = tables.get(0);
      for (Weighting weighting : weightings) {
        Estimate cohen = pair.table().cohen(weighting);
        add("cohen_kappa", weighting, cohen);
        // The mean over one pair.
        add("light_kappa", weighting, cohen);
      }
      add("cohen_kappa_max", weightings.get(0), pair.table().largestCohen());
      add("bangdiwala_b", weightings.get(0), pair.table().bangdiwala());
      return;
    }
    for (RaterPairs.Pair pair : tables) {
      String names = labels.raters().get(pair.first()) + "|" + labels.raters().get(pair.second());
      Estimate cohen = pair.table().cohen(weightings.get(0));
      measured.add(
          new Measured(
              "cohen_kappa", "identity", names, null, cohen, pair.items(), 2, 2 * pair.items()));
    }
    light(pairs, tables);
  }

  private void light(RaterPairs pairs, List<RaterPairs.Pair> tables) {
    AgreementSettings set = settings;
    long drawn = seed;
    double[][] values = new double[weightings.size()][settings.resamples()];
    int step = (int) Math.max(1, Math.min(settings.resamples(), CELLS_AT_ONCE / pairs.cells()));
    for (int from = 0; from < settings.resamples(); from += step) {
      int begin = from;
      int end = Math.min(settings.resamples(), from + step);
      long[] cells =
          labels
              .latest()
              .map(block -> pairs.resample(block, begin, end, drawn))
              .reduce(LabelBlocks::add);
      for (int r = begin; r < end; r++) {
        List<RaterPairs.Pair> resample =
            pairs.tables(cells, Math.toIntExact((r - begin) * pairs.cells()), set.quantiles());
        for (int w = 0; w < values.length; w++) {
          values[w][r] =
              resample.isEmpty()
                  ? Double.NaN
                  : RaterPairs.light(resample, weightings.get(w)).value();
        }
      }
    }
    for (int w = 0; w < values.length; w++) {
      Weighting weighting = weightings.get(w);
      add("light_kappa", weighting, resampled(RaterPairs.light(tables, weighting), values[w]));
    }
  }

  private static Estimate resampled(Estimate estimate, double[] all) {
    double[] values = Arrays.stream(all).filter(Double::isFinite).sorted().toArray();
    if (values.length < 2) {
      return estimate;
    }
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return estimate.resampled(
        Math.sqrt(squares / (values.length - 1)),
        values[(int) (0.025 * values.length)],
        values[Math.min(values.length - 1, (int) (0.975 * values.length))]);
  }

  private void add(String coefficient, Weighting weighting, Estimate estimate) {
    add(coefficient, weighting.name(), null, null, estimate);
  }

  private void add(
      String coefficient, String weights, String pair, String category, Estimate estimate) {
    if (Double.isFinite(estimate.value())) {
      LabelCounts pairable = counts.pairable();
      measured.add(
          new Measured(
              coefficient,
              weights,
              pair,
              category,
              estimate,
              pairable.items(),
              labels.raters().size(),
              pairable.labels()));
    }
  }
}
