package io.lakeloop.algorithm;

import java.util.Map;

/** Weighted next-token cross-entropy: {@code loss = -sum w * log p(target)}. */
public record CrossEntropy() implements Loss {
  @Override
  public boolean readsLogProbs() {
    return true;
  }

  @Override
  public boolean readsValues() {
    return false;
  }

  @Override
  public boolean reads(TokenBatch batch, int b, int t) {
    return batch.input(TokenBatch.WEIGHTS)[b][t] != 0;
  }

  @Override
  public Gradient evaluate(TokenBatch batch, float[][] logProbs, float[][] values) {
    float[][] weights = batch.input(TokenBatch.WEIGHTS);
    float[][] gradient = new float[batch.size()][logProbs[0].length];
    double loss = 0;
    for (int b = 0; b < batch.size(); b++) {
      for (int t = 0; t < batch.lengths()[b]; t++) {
        loss -= weights[b][t] * logProbs[b][t];
        gradient[b][t] = -weights[b][t];
      }
    }
    return new Gradient(loss, gradient, null, Map.of());
  }
}
