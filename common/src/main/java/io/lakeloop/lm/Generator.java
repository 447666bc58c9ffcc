package io.lakeloop.lm;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.torch.GradScope;
import io.lakeloop.lm.torch.Kernels;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Draws completions from a language model with continuous batching (Yu et al. 2022, Orca): a
 * sequence that ends leaves its slot at once, and the next one waiting takes it.
 */
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
   * @param topK draw from so many of the most likely tokens; 0 for all
   * @param topP draw from the fewest most likely tokens whose chances reach this; 1 for all
   * @param slots sequences in memory at once
   */
  public record Settings(
      int maxNewTokens, double temperature, int topK, double topP, SpecialTokens special, int slots)
      implements Serializable {
    private static final int SLOTS = 64;

    public Settings {
      if (maxNewTokens < 1
          || temperature < 0
          || topK < 0
          || slots < 1
          || !(topP > 0 && topP <= 1)) {
        throw new IllegalArgumentException(
            "maxNewTokens %d, temperature %s, topK %d, topP %s, slots %d"
                .formatted(maxNewTokens, temperature, topK, topP, slots));
      }
    }

    /** The whole distribution, as training needs it (D3). */
    public static Settings whole(int maxNewTokens, double temperature, SpecialTokens special) {
      return new Settings(maxNewTokens, temperature, 0, 1, special, SLOTS);
    }
  }

  /**
   * A prompt and the key of its random numbers: the drawn tokens depend on this key and the
   * position, not on the batch they are drawn in.
   */
  public record Request(int[] prompt, long key) implements Serializable {}

  /**
   * A drawn completion.
   *
   * @param tokens ids, with the end token where it was reached
   * @param logProbs log-probability of each drawn token under the tempered distribution, before
   *     top-k and top-p
   * @param ended true if an end token was reached within the limit
   */
  public record Completion(int[] tokens, float[] logProbs, boolean ended) implements Serializable {}

  /** A sequence in its slot. */
  private static final class Sequence {
    private final int request;
    private final Request of;
    private final int[] tokens;
    private final float[] logProbs;
    private int drawn;
    private boolean ended;

    private Sequence(int request, Request of, int maxNewTokens) {
      this.request = request;
      this.of = of;
      this.tokens = new int[maxNewTokens];
      this.logProbs = new float[maxNewTokens];
    }

    private double uniform() {
      return CounterRandom.uniform(of.key(), drawn);
    }

    private void add(int token, double logProb, SpecialTokens special) {
      tokens[drawn] = token;
      logProbs[drawn] = (float) logProb;
      drawn++;
      ended = special.end().contains(token);
    }

    private boolean done() {
      return ended || drawn == tokens.length;
    }

    /** Positions in the cache: all but the last drawn token, which is read next. */
    private int remembered() {
      return of.prompt().length + drawn - 1;
    }

    private Completion completion() {
      return new Completion(Arrays.copyOf(tokens, drawn), Arrays.copyOf(logProbs, drawn), ended);
    }
  }

  /**
   * Draws one completion for each request, in their order.
   *
   * @throws UserError CONFIG_INVALID if a prompt and its completion are longer than the model reads
   */
  public List<Completion> generate(List<Request> requests, Settings settings) {
    Completion[] completions = new Completion[requests.size()];
    List<Sequence> active = new ArrayList<>();
    int slots = Math.min(settings.slots(), requests.size());
    int waiting = 0;
    try (GradScope off = GradScope.off();
        KvCache cache = new KvCache(model, slots, length(requests, settings));
        DecodeWeights weights = model.decodeWeights()) {
      while (waiting < requests.size() || !active.isEmpty()) {
        int first = active.size();
        while (active.size() < slots && waiting < requests.size()) {
          active.add(new Sequence(waiting, requests.get(waiting), settings.maxNewTokens()));
          waiting++;
        }
        if (active.size() > first) {
          prefill(active.subList(first, active.size()), first, cache, weights, settings);
        } else {
          next(active, cache, weights, settings);
        }
        retire(active, cache, completions);
      }
    }
    return List.of(completions);
  }

  private int length(List<Request> requests, Settings settings) {
    int prompt = requests.stream().mapToInt(r -> r.prompt().length).max().orElse(1);
    int length = prompt + settings.maxNewTokens();
    if (length > model.config().maxPositions()) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot generate: a prompt of %d tokens and %d new ones pass the %d positions that the"
              + " model reads. Lower the limits.",
          prompt,
          settings.maxNewTokens(),
          model.config().maxPositions());
    }
    return length;
  }

  private void prefill(
      List<Sequence> fresh,
      int firstSlot,
      KvCache cache,
      DecodeWeights weights,
      Settings settings) {
    int width = fresh.stream().mapToInt(s -> s.of.prompt().length).max().orElseThrow();
    int[][] tokens =
        fresh.stream().map(s -> Arrays.copyOf(s.of.prompt(), width)).toArray(int[][]::new);
    long[] last = new long[fresh.size()];
    for (int i = 0; i < last.length; i++) {
      last[i] = (long) i * width + fresh.get(i).of.prompt().length - 1;
    }
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray hidden =
          model.prefill(TokenRows.padded(tokens), cache.writer(firstSlot, fresh.size(), width));
      NDArray ends = Kernels.rows(hidden, model.memory().ids(last, last.length));
      draw(fresh, model.logits(ends, weights), settings);
    }
  }

  private void next(
      List<Sequence> active, KvCache cache, DecodeWeights weights, Settings settings) {
    long[] tokens = active.stream().mapToLong(s -> s.tokens[s.drawn - 1]).toArray();
    long[] lengths = active.stream().mapToLong(Sequence::remembered).toArray();
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray hidden = model.next(tokens, lengths, cache, weights);
      draw(active, model.logits(hidden.squeeze(1), weights), settings);
    }
  }

  private void draw(List<Sequence> sequences, NDArray logits, Settings settings) {
    List<NDArray> drawn =
        Kernels.draw(
            logits,
            model
                .memory()
                .ids(
                    settings.special().banned().stream().mapToLong(Integer::longValue).toArray(),
                    settings.special().banned().size()),
            model.memory().doubles(sequences.stream().mapToDouble(Sequence::uniform).toArray()),
            settings.temperature(),
            settings.topK(),
            settings.topP());
    long[] tokens = drawn.get(0).toLongArray();
    double[] logProbs = drawn.get(1).toDoubleArray();
    for (int i = 0; i < tokens.length; i++) {
      sequences.get(i).add((int) tokens[i], logProbs[i], settings.special());
    }
  }

  /** Takes out what is done; the last slots move into the gaps, so that those in use come first. */
  private static void retire(List<Sequence> active, KvCache cache, Completion[] completions) {
    for (int slot = active.size() - 1; slot >= 0; slot--) {
      Sequence sequence = active.get(slot);
      if (sequence.done()) {
        completions[sequence.request] = sequence.completion();
        int last = active.size() - 1;
        if (slot < last) {
          cache.move(last, slot);
          active.set(slot, active.get(last));
        }
        active.remove(last);
      }
    }
  }
}
