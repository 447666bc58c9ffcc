package io.lakeloop.lm;

import io.lakeloop.config.Problems;
import java.io.Serializable;
import java.util.List;

/**
 * Low-rank adaptation (Hu et al. 2021, <a href="https://arxiv.org/abs/2106.09685">2106.09685</a>):
 * each chosen linear map becomes {@code W x + (alpha / rank) B A dropout(x)}.
 *
 * @param rank of the products; 0 means no adapter: all weights are trained
 * @param dropout share of the inputs that A does not see in training
 * @param targetModules last parts of the modules' names, as in PEFT; {@code all-linear} for all but
 *     the output head
 */
public record LoraConfig(int rank, double alpha, double dropout, List<String> targetModules)
    implements Serializable {
  public static final String ALL_LINEAR = "all-linear";

  public LoraConfig {
    targetModules = List.copyOf(targetModules);
    Problems.in("lora")
        .require(rank >= 0, "rank must not be negative, got %d", rank)
        .require(rank == 0 || alpha > 0, "alpha must be positive, got %s", alpha)
        .require(dropout >= 0 && dropout < 1, "dropout must lie in [0, 1), got %s", dropout)
        .require(rank == 0 || !targetModules.isEmpty(), "target-modules is empty")
        .throwIfAny();
  }

  /** Every linear map of the layers, without dropout. */
  public static LoraConfig allLinear(int rank, double alpha) {
    return new LoraConfig(rank, alpha, 0, List.of(ALL_LINEAR));
  }

  public boolean none() {
    return rank == 0;
  }

  double scale() {
    return alpha / rank;
  }

  /**
   * The linear maps of the model that are adapted.
   *
   * @throws io.lakeloop.config.UserError where a target names none
   */
  List<Linear> targets(LmConfig config) {
    List<Linear> all = Linear.of(config);
    Problems problems = Problems.in("lora");
    for (String target : targetModules) {
      problems.require(
          all.stream().anyMatch(linear -> matches(linear, target)),
          "target-modules has '%s', which no linear map is called; there are %s",
          target,
          all.stream().map(Linear::lastPart).distinct().toList());
    }
    problems.throwIfAny();
    return all.stream()
        .filter(linear -> targetModules.stream().anyMatch(target -> matches(linear, target)))
        .toList();
  }

  private static boolean matches(Linear linear, String target) {
    return target.equals(ALL_LINEAR)
        || linear.name().equals(target)
        || linear.name().endsWith("." + target);
  }
}
