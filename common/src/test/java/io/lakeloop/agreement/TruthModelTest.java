package io.lakeloop.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.lakeloop.algorithm.CounterRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TruthModelTest {
  private static final int ITEMS = 600;
  private static final int CLASSES = 3;

  /** Skills of the raters; the last says the first answer whatever is asked. */
  private static final double[] SKILLS = {0.9, 0.8, 0.7, 0.6, 0.34, 0};

  private static int truth(int item) {
    return CounterRandom.below(CLASSES, 11, item);
  }

  /** Every rater answers every item of a part. */
  private static LabelBlock block(int from, int to) {
    int n = (to - from) * SKILLS.length;
    String[] items = new String[to - from];
    int[] starts = new int[items.length + 1];
    int[] raters = new int[n];
    short[] values = new short[n];
    for (int i = from; i < to; i++) {
      items[i - from] = "i" + i;
      starts[i - from + 1] = (i - from + 1) * SKILLS.length;
      for (int r = 0; r < SKILLS.length; r++) {
        int at = (i - from) * SKILLS.length + r;
        raters[at] = r;
        boolean right = CounterRandom.uniform(5, i, r) < SKILLS[r];
        int other = (truth(i) + 1 + CounterRandom.below(CLASSES - 1, 6, i, r)) % CLASSES;
        values[at] = (short) (r == SKILLS.length - 1 ? 0 : right ? truth(i) : other);
      }
    }
    return new LabelBlock(items, starts, raters, values);
  }

  private static <B> TruthModel<B> fit(
      TruthModel<B> start, List<B> blocks, int steps, List<Double> objectives) {
    TruthModel<B> model = start;
    for (int step = 0; step < steps; step++) {
      FixedSums sums = new FixedSums(model.cells());
      for (B block : blocks) {
        sums.merge(model.expect(block));
      }
      objectives.add(model.objective(sums));
      model = model.maximise(sums);
    }
    return model;
  }

  private static double accuracy(TruthModel<LabelBlock> model) {
    double[][] chances = model.posteriors(block(0, ITEMS));
    int right = 0;
    for (int i = 0; i < ITEMS; i++) {
      right += Majority.of(ranks(chances[i])) == truth(i) ? 1 : 0;
    }
    return (double) right / ITEMS;
  }

  private static int[] ranks(double[] chances) {
    int[] ranks = new int[chances.length];
    for (int k = 0; k < chances.length; k++) {
      ranks[k] = (int) Math.round(chances[k] * 1e6);
    }
    return ranks;
  }

  private static double majority() {
    LabelBlock all = block(0, ITEMS);
    int right = 0;
    for (int i = 0; i < ITEMS; i++) {
      right += Majority.of(all.counts(i, CLASSES)) == truth(i) ? 1 : 0;
    }
    return (double) right / ITEMS;
  }

  @ParameterizedTest
  @EnumSource(ConfusionModel.Kind.class)
  void theLikelihoodNeverFallsAndTheSkillsAreFound(ConfusionModel.Kind kind) {
    List<Double> objectives = new ArrayList<>();
    ConfusionModel model =
        (ConfusionModel)
            fit(
                ConfusionModel.start(kind, SKILLS.length, CLASSES, 0),
                List.of(block(0, ITEMS)),
                60,
                objectives);
    for (int step = 2; step < objectives.size(); step++) {
      // MACE smooths its counts, by which the bare likelihood may lose a little.
      assertThat(objectives.get(step)).isGreaterThan(objectives.get(step - 1) - 1e-3);
    }
    for (int r = 0; r < 4; r++) {
      assertThat(model.skill(r)).isCloseTo(SKILLS[r], within(0.06));
    }
    assertThat(accuracy(model)).isGreaterThan(majority());
  }

  @Test
  void howItemsArePartedDoesNotChangeABit() {
    List<LabelBlock> parts = new ArrayList<>();
    for (int from = 0; from < ITEMS; from += 50) {
      parts.add(0, block(from, from + 50));
    }
    List<Double> whole = new ArrayList<>();
    List<Double> parted = new ArrayList<>();
    ConfusionModel.Kind kind = ConfusionModel.Kind.DAWID_SKENE;
    fit(ConfusionModel.start(kind, SKILLS.length, CLASSES, 0), List.of(block(0, ITEMS)), 20, whole);
    fit(ConfusionModel.start(kind, SKILLS.length, CLASSES, 0), parts, 20, parted);
    assertThat(parted).isEqualTo(whole);
    List<Double> glad = new ArrayList<>();
    List<Double> gladParted = new ArrayList<>();
    fit(Glad.start(SKILLS.length, CLASSES), List.of(block(0, ITEMS)), 10, glad);
    fit(Glad.start(SKILLS.length, CLASSES), parts, 10, gladParted);
    assertThat(gladParted).isEqualTo(glad);
  }

  @Test
  void gladRanksTheRatersByAbility() {
    Glad model =
        (Glad)
            fit(
                Glad.start(SKILLS.length, CLASSES),
                List.of(block(0, ITEMS)),
                40,
                new ArrayList<>());
    assertThat(model.ability(0)).isGreaterThan(model.ability(1));
    assertThat(model.ability(1)).isGreaterThan(model.ability(2));
    assertThat(model.ability(2)).isGreaterThan(model.ability(3));
    assertThat(model.ability(3)).isGreaterThan(model.ability(4));
    assertThat(accuracy(model)).isGreaterThan(majority());
  }

  /** Whoever gave one label is trusted as the raters are, and not for sure. */
  @Test
  void aRaterWithOneLabelIsToppedUp() {
    LabelBlock all = block(0, ITEMS);
    ConfusionModel model =
        (ConfusionModel)
            fit(
                ConfusionModel.start(
                    ConfusionModel.Kind.DAWID_SKENE, SKILLS.length + 1, CLASSES, 45),
                List.of(all, single()),
                30,
                new ArrayList<>());
    assertThat(model.skill(SKILLS.length)).isBetween(0.5, 0.8);
  }

  private static LabelBlock single() {
    return new LabelBlock(
        new String[] {"alone"}, new int[] {0, 1}, new int[] {SKILLS.length}, new short[] {0});
  }

  /** Ten answers to each of forty prompts, compared by raters one of whom always goes left. */
  @Test
  void bradleyTerryFindsWhoGoesLeftAndWhatIsBetter() {
    int groups = 40;
    int things = 6;
    int raters = 5;
    List<Integer> first = new ArrayList<>();
    List<Integer> second = new ArrayList<>();
    int[] begins = new int[groups + 1];
    for (int g = 0; g < groups; g++) {
      for (int a = 0; a < things; a++) {
        for (int b = a + 1; b < things; b++) {
          first.add(g * things + a);
          second.add(g * things + b);
        }
      }
      begins[g + 1] = first.size();
    }
    int items = first.size();
    int[] starts = new int[items + 1];
    int[] who = new int[items * raters];
    byte[] votes = new byte[items * raters];
    byte[] places = new byte[items * raters];
    for (int i = 0; i < items; i++) {
      starts[i + 1] = (i + 1) * raters;
      double gap = worth(first.get(i)) - worth(second.get(i));
      for (int r = 0; r < raters; r++) {
        int at = i * raters + r;
        who[at] = r;
        places[at] = (byte) (CounterRandom.uniform(3, i, r) < 0.5 ? 1 : -1);
        boolean wins = CounterRandom.uniform(4, i, r) < 1 / (1 + Math.exp(-2 * gap));
        votes[at] = (byte) (r == raters - 1 ? places[at] : wins ? 1 : -1);
      }
    }
    String[] ids = new String[items];
    for (int i = 0; i < items; i++) {
      ids[i] = "i" + i;
    }
    ComparisonBlock block =
        new ComparisonBlock(
            ids, ints(first), ints(second), begins, groups * things, starts, who, votes, places);
    RaterBradleyTerry model =
        (RaterBradleyTerry)
            fit(RaterBradleyTerry.start(raters), List.of(block), 60, new ArrayList<>());
    assertThat(model.leaning(raters - 1)).isGreaterThan(1.5);
    assertThat(model.reliability(raters - 1)).isLessThan(0.5);
    double[][] chances = model.posteriors(block);
    int right = 0;
    for (int i = 0; i < items; i++) {
      boolean better = worth(first.get(i)) > worth(second.get(i));
      right += chances[i][0] > 0.5 == better ? 1 : 0;
    }
    assertThat((double) right / items).isGreaterThan(0.85);
    for (int r = 0; r + 1 < raters; r++) {
      assertThat(model.leaning(r)).isCloseTo(0, within(0.4));
    }
  }

  private static double worth(int thing) {
    return CounterRandom.gaussian(9, thing);
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }
}
