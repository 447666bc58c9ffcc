package io.lakeloop.session;

import io.lakeloop.algorithm.Loss;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.Generator;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model under training, behind four verbs: {@code forwardBackward}, {@code optimStep}, {@code
 * sample}, {@code saveState}/{@code loadState}. Where the model lies, and on how many machines, is
 * the implementation's concern.
 */
public interface TrainingSession extends AutoCloseable {

  /** A batch's loss, with the loss's metrics summed over the batch. */
  record LossReport(double loss, Map<String, Double> metrics) implements Serializable {}

  /**
   * What the model says about each position of a batch, without gradients.
   *
   * @param logProbs log-probability of each target (B, T)
   * @param values scalar head (B, T)
   * @param entropy of the next-token distribution, in nats (B, T)
   */
  record Evaluation(float[][] logProbs, float[][] values, float[][] entropy)
      implements Serializable {}

  /** Runs the batch forward and adds its gradient to what is accumulated. */
  LossReport forwardBackward(TokenBatch batch, Loss loss);

  /**
   * Applies the accumulated gradient and clears it.
   *
   * @return global norm of the gradient before clipping
   */
  double optimStep(AdamW.Settings settings);

  /** Draws one completion per request. */
  List<Generator.Completion> sample(List<Generator.Request> requests, Generator.Settings settings);

  /**
   * Evaluates the batch as {@code forwardBackward} would see it, with the same bits.
   *
   * @param batch where it has an input {@code mask}, nothing is computed outside of that
   */
  Evaluation evaluate(TokenBatch batch);

  /**
   * Writes weights and optimizer state; {@code loadState} goes on from there with the same bits.
   */
  void saveState(Path folder);

  void loadState(Path folder);

  @Override
  void close();
}
