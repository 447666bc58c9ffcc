package io.lakeloop.agreement;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How far two different answers still agree: 1 on the diagonal, less the farther apart they are
 * (Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed., chapter 3). With scores x (the
 * categories' numbers, or their places where they are ordered words):
 *
 * <pre>
 * identity   1 where k = l, 0 elsewhere
 * linear     1 - |x_k - x_l| / (x_max - x_min)
 * quadratic  1 - ((x_k - x_l) / (x_max - x_min))^2          alpha's interval metric
 * radical    1 - sqrt(|x_k - x_l| / (x_max - x_min))
 * ordinal    1 - C(|k - l| + 1, 2) / C(q, 2)                 by places
 * ratio      1 - ((x_k - x_l) / (x_k + x_l))^2 / its largest alpha's ratio metric
 * circular   1 - sin^2(pi (x_k - x_l) / (x_max - x_min + 1)) / its largest
 * bipolar    1 - (x_k - x_l)^2 / ((x_k + x_l - 2 x_min) (2 x_max - x_k - x_l)) / its largest
 * </pre>
 *
 * <p>Krippendorff's ordinal metric is another thing than the ordinal weights, although libraries
 * call both ordinal: it counts the labels that lie between two answers, so it depends on the data.
 * It is called {@code krippendorff_ordinal} here and is for alpha alone.
 *
 * @param name as in the column weights
 * @param matrix q x q agreement of answers k and l
 */
public record Weighting(String name, double[][] matrix) implements Serializable {

  /** The name of Krippendorff's ordinal metric. */
  public static final String KRIPPENDORFF_ORDINAL = "krippendorff_ordinal";

  /** Weights that follow from the categories' scores. */
  public enum Kind {
    IDENTITY,
    LINEAR,
    QUADRATIC,
    ORDINAL,
    RADICAL,
    RATIO,
    CIRCULAR,
    BIPOLAR;

    /** As in the column weights. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public static Weighting identity(int categories) {
    return of(Kind.IDENTITY, new double[categories]);
  }

  /**
   * All that these scores allow: circular, ratio and bipolar have cases where they are not defined.
   *
   * @param scores of the categories, ascending
   */
  public static List<Weighting> all(double[] scores) {
    List<Weighting> all = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      Weighting weighting = of(kind, scores);
      if (weighting.defined()) {
        all.add(weighting);
      }
    }
    return all;
  }

  /**
   * @param scores of the categories, ascending
   */
  public static Weighting of(Kind kind, double[] scores) {
    int q = scores.length;
    double[][] distance = new double[q][q];
    double largest = 0;
    for (int k = 0; k < q; k++) {
      for (int l = 0; l < q; l++) {
        distance[k][l] = k == l ? 0 : distance(kind, scores, k, l);
        largest = Math.max(largest, Math.abs(distance[k][l]));
      }
    }
    return of(kind.label(), distance, largest);
  }

  /**
   * Krippendorff's ordinal metric (2011, <a
   * href="https://repository.upenn.edu/handle/20.500.14332/2089">Computing Krippendorff's
   * alpha-reliability</a>): {@code (sum_{g=k}^{l} n_g - (n_k + n_l) / 2)^2}.
   *
   * @param labels per category, ascending; items with one label don't count
   */
  public static Weighting krippendorffOrdinal(LabelCounts labels) {
    double[] totals = labels.pairable().totals();
    int q = totals.length;
    double[][] distance = new double[q][q];
    double largest = 0;
    for (int k = 0; k < q; k++) {
      double between = totals[k] / 2;
      for (int l = k + 1; l < q; l++) {
        double gap = between + totals[l] / 2;
        between += totals[l];
        distance[k][l] = gap * gap;
        distance[l][k] = gap * gap;
        largest = Math.max(largest, gap * gap);
      }
    }
    return of(KRIPPENDORFF_ORDINAL, distance, largest);
  }

  private static Weighting of(String name, double[][] distance, double largest) {
    int q = distance.length;
    double[][] matrix = new double[q][q];
    for (int k = 0; k < q; k++) {
      for (int l = 0; l < q; l++) {
        matrix[k][l] = k == l ? 1 : 1 - distance[k][l] / largest;
      }
    }
    return new Weighting(name, matrix);
  }

  private static double distance(Kind kind, double[] x, int k, int l) {
    int q = x.length;
    double range = x[q - 1] - x[0];
    double gap = x[k] - x[l];
    return switch (kind) {
      case IDENTITY -> 1;
      case LINEAR -> Math.abs(gap) / range;
      case QUADRATIC -> gap * gap / (range * range);
      case RADICAL -> Math.sqrt(Math.abs(gap) / range);
      case ORDINAL -> (Math.abs(k - l) + 1) * Math.abs(k - l) / 2.0;
      case RATIO -> Math.pow(gap / (x[k] + x[l]), 2);
      case CIRCULAR -> Math.pow(Math.sin(Math.PI * gap / (range + 1)), 2);
      case BIPOLAR -> gap * gap / ((x[k] + x[l] - 2 * x[0]) * (2 * x[q - 1] - x[k] - x[l]));
    };
  }

  /** False where a weight is no number, as ratio's for answers 0 and 0, or -1 and 1. */
  private boolean defined() {
    for (double[] row : matrix) {
      for (double weight : row) {
        if (!Double.isFinite(weight) || weight > 1) {
          return false;
        }
      }
    }
    return true;
  }

  double sum() {
    double sum = 0;
    for (double[] row : matrix) {
      for (double weight : row) {
        sum += weight;
      }
    }
    return sum;
  }

  /**
   * Mean of the weights of category k towards the others, both ways, under shares of categories.
   */
  double[] mean(double[] shares) {
    int q = matrix.length;
    double[] mean = new double[q];
    for (int k = 0; k < q; k++) {
      for (int l = 0; l < q; l++) {
        mean[k] += (matrix[k][l] + matrix[l][k]) / 2 * shares[l];
      }
    }
    return mean;
  }

  /** Expected weight of two independent answers. */
  double expected(double[] first, double[] second) {
    double expected = 0;
    for (int k = 0; k < matrix.length; k++) {
      for (int l = 0; l < matrix.length; l++) {
        expected += matrix[k][l] * first[k] * second[l];
      }
    }
    return expected;
  }
}
