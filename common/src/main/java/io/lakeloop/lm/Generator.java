package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import io.lakeloop.algorithm.CounterRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Draws completions from a language model with a KV cache. */
public final class Generator {
  private final CausalLm model;

  public Generator(CausalLm model) {
    this.model = model;
  }

  /**
   * How to draw.
   *
   * @param maxNewTokens longest completion, end token included
   * @param temperature divides the logits; 0 takes the most likely token
   */
  public record Settings(int maxNewTokens, double temperature) {}

  /**
   * A prompt and the key of its random numbers: the drawn tokens depend on this key and the
   * position, not on the batch they are drawn in.
   */
  public record Request(int[] prompt, long key) {}

  /**
   * A drawn completion.
   *
   * @param tokens ids, with the end token where it was reached
   * @param logProbs log-probability of each drawn token under the tempered distribution
   * @param ended true if the end token was reached within the limit
   */
  public record Completion(int[] tokens, float[] logProbs, boolean ended) {}

  /** Draws one completion for each request, in their order. */
  public List<Completion> generate(List<Request> requests, Settings settings) {
    int batch = requests.size();
    int width = requests.stream().mapToInt(r -> r.prompt().length).max().orElseThrow();
    int[][] columns = new int[batch][width];
    int[] firstReal = new int[batch];
    for (int b = 0; b < batch; b++) {
      int[] prompt = requests.get(b).prompt();
      firstReal[b] = width - prompt.length;
      System.arraycopy(prompt, 0, columns[b], firstReal[b], prompt.length);
    }
    int[][] drawn = new int[batch][settings.maxNewTokens()];
    float[][] logProbs = new float[batch][settings.maxNewTokens()];
    int[] lengths = new int[batch];
    boolean[] ended = new boolean[batch];
    try (GradScope off = GradScope.off();
        KvCache cache = new KvCache(model, batch, width + settings.maxNewTokens())) {
      for (int step = 0; step < settings.maxNewTokens() && !allTrue(ended); step++) {
        float[] logits = nextLogits(columns, firstReal, cache);
        int vocab = logits.length / batch;
        columns = new int[batch][1];
        for (int b = 0; b < batch; b++) {
          if (!ended[b]) {
            double u = CounterRandom.uniform(requests.get(b).key(), step);
            int token = draw(logits, b * vocab, vocab, settings.temperature(), u);
            drawn[b][step] = token;
            logProbs[b][step] =
                (float) logProb(logits, b * vocab, vocab, settings.temperature(), token);
            lengths[b] = step + 1;
            ended[b] = token == Tokenizer.END;
          }
          columns[b][0] = ended[b] ? Tokenizer.PAD : drawn[b][step];
        }
      }
    }
    List<Completion> completions = new ArrayList<>(batch);
    for (int b = 0; b < batch; b++) {
      completions.add(
          new Completion(
              Arrays.copyOf(drawn[b], lengths[b]),
              Arrays.copyOf(logProbs[b], lengths[b]),
              ended[b]));
    }
    return completions;
  }

  private float[] nextLogits(int[][] columns, int[] firstReal, KvCache cache) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray hidden = model.hidden(columns, firstReal, cache);
      return model.logits(hidden.get(new NDIndex(":, -1"))).toFloatArray();
    }
  }

  /** Inverse of the cumulative distribution in token order, so that u alone decides. */
  private static int draw(float[] logits, int from, int vocab, double temperature, double u) {
    int best = 0;
    for (int v = 1; v < vocab; v++) {
      // Never the padding: it is no answer, whatever the model believes.
      best = best == Tokenizer.PAD || logits[from + v] > logits[from + best] ? v : best;
    }
    if (temperature == 0) {
      return best;
    }
    double total = 0;
    for (int v = 1; v < vocab; v++) {
      total += Math.exp((logits[from + v] - logits[from + best]) / temperature);
    }
    double target = u * total;
    double sum = 0;
    for (int v = 1; v < vocab; v++) {
      sum += Math.exp((logits[from + v] - logits[from + best]) / temperature);
      if (sum > target) {
        return v;
      }
    }
    return best;
  }

  private static double logProb(
      float[] logits, int from, int vocab, double temperature, int token) {
    double divisor = temperature == 0 ? 1 : temperature;
    double max = Double.NEGATIVE_INFINITY;
    for (int v = 0; v < vocab; v++) {
      max = Math.max(max, logits[from + v]);
    }
    double total = 0;
    for (int v = 0; v < vocab; v++) {
      total += Math.exp((logits[from + v] - max) / divisor);
    }
    return (logits[from + token] - max) / divisor - Math.log(total);
  }

  private static boolean allTrue(boolean[] flags) {
    for (boolean flag : flags) {
      if (!flag) {
        return false;
      }
    }
    return true;
  }
}
