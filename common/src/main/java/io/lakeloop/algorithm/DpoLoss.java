package io.lakeloop.algorithm;

import java.util.Map;

/**
 * Direct preference optimisation (Rafailov et al. 2023, <a
 * href="https://arxiv.org/abs/2305.18290">2305.18290</a>) on pairs of completions:
 *
 * <pre>
 * h    = (log pi(chosen) - log ref(chosen)) - (log pi(rejected) - log ref(rejected))
 * loss = -w (p log sigmoid(beta h) + (1 - p) log sigmoid(-beta h))      SIGMOID
 * loss =  w (h - 1 / (2 beta))^2                                        IPO
 * </pre>
 *
 * with p the pair's probability, moved by label smoothing s to p (1 - s) + (1 - p) s (cDPO,
 * Mitchell 2023, <a href="https://ericmitchell.ai/cdpo.pdf">A note on DPO with noisy
 * preferences</a>). IPO is Azar et al. 2023 (<a
 * href="https://arxiv.org/abs/2310.12036">2310.12036</a>, equation 17).
 *
 * <p>Rows 2i and 2i+1 are the chosen and the rejected completion of pair i; the input {@code mask}
 * marks the completions' positions, {@code ref_log_probs} holds the reference's; weight and p are
 * read at position 0 of the chosen row.
 *
 * @param beta strength of the pull towards the reference
 * @param labelSmoothing s, 0 for none
 */
public record DpoLoss(Form form, double beta, double labelSmoothing) implements Loss {

  /** Which function of the gap is minimised. */
  public enum Form {
    SIGMOID,
    IPO
  }

  @Override
  public int rowsPerUnit() {
    return 2;
  }

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
    return batch.input(TokenBatch.MASK)[b][t] != 0;
  }

  @Override
  public Gradient evaluate(TokenBatch batch, float[][] logProbs, float[][] values) {
    float[][] gradient = new float[batch.size()][logProbs[0].length];
    double loss = 0;
    double correct = 0;
    double margins = 0;
    for (int chosen = 0; chosen < batch.size(); chosen += 2) {
      double gap = logRatio(batch, logProbs, chosen) - logRatio(batch, logProbs, chosen + 1);
      double weight = batch.input(TokenBatch.WEIGHTS)[chosen][0];
      double label = batch.input(TokenBatch.CHOSEN_PROBABILITY)[chosen][0];
      double p = label * (1 - labelSmoothing) + (1 - label) * labelSmoothing;
      loss += weight * pairLoss(gap, p);
      float slope = (float) (weight * slope(gap, p));
      spread(batch, gradient, chosen, slope);
      spread(batch, gradient, chosen + 1, -slope);
      correct += gap > 0 ? 1 : gap == 0 ? 0.5 : 0;
      margins += beta * gap;
    }
    return new Gradient(loss, gradient, null, Map.of("correct", correct, "margins", margins));
  }

  private static double logRatio(TokenBatch batch, float[][] logProbs, int b) {
    float[][] reference = batch.input(TokenBatch.REF_LOG_PROBS);
    double sum = 0;
    for (int t = 0; t < batch.lengths()[b]; t++) {
      if (batch.input(TokenBatch.MASK)[b][t] != 0) {
        sum += logProbs[b][t] - reference[b][t];
      }
    }
    return sum;
  }

  private static void spread(TokenBatch batch, float[][] gradient, int b, float slope) {
    for (int t = 0; t < batch.lengths()[b]; t++) {
      if (batch.input(TokenBatch.MASK)[b][t] != 0) {
        gradient[b][t] = slope;
      }
    }
  }

  /** Loss of a pair whose log-ratios differ by {@code gap}, with label {@code p}. */
  public double pairLoss(double gap, double p) {
    return form == Form.SIGMOID
        ? BradleyTerry.pairLoss(beta * gap, p)
        : Math.pow(gap - 1 / (2 * beta), 2);
  }

  private double slope(double gap, double p) {
    return form == Form.SIGMOID
        ? beta * (BradleyTerry.sigmoid(beta * gap) - p)
        : 2 * (gap - 1 / (2 * beta));
  }
}
