package io.lakeloop.session;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.algorithm.Loss;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.GradScope;
import io.lakeloop.lm.SafeTensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A training session on one device: the model lies in this process. */
public final class LocalSession implements TrainingSession {
  private static final String WEIGHTS = "weights.safetensors";
  private static final String OPTIMIZER = "optimizer.safetensors";

  private final CausalLm model;
  private AdamW optimizer;
  private final int microbatchRows;
  private final double temperature;

  /**
   * @param microbatchRows rows run at once; the gradient does not depend on it beyond rounding
   * @param temperature divides the logits in evaluation and update, as it does in sampling (D3)
   */
  public LocalSession(CausalLm model, int microbatchRows, double temperature) {
    this.model = model;
    this.microbatchRows = microbatchRows;
    this.temperature = temperature;
  }

  public CausalLm model() {
    return model;
  }

  /** Made when training begins: a model that is only read needs neither moments nor gradients. */
  private AdamW optimizer() {
    if (optimizer == null) {
      optimizer = new AdamW(model);
    }
    return optimizer;
  }

  @Override
  public LossReport forwardBackward(TokenBatch batch, Loss loss) {
    optimizer();
    int rows = Math.max(1, microbatchRows / loss.rowsPerUnit()) * loss.rowsPerUnit();
    double total = 0;
    Map<String, Double> metrics = new LinkedHashMap<>();
    for (TokenBatch part : Microbatches.of(batch, rows)) {
      try (GradScope recording = GradScope.recording();
          NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        Outputs outputs = forward(part, loss.readsLogProbs(), loss.readsValues());
        Loss.Gradient gradient =
            loss.evaluate(part, matrix(outputs.logProbs), matrix(outputs.values));
        backward(outputs, gradient);
        total += gradient.loss();
        gradient.metrics().forEach((name, value) -> metrics.merge(name, value, Double::sum));
      }
    }
    return new LossReport(total, metrics);
  }

  /** The outputs of one microbatch, still attached to the graph. */
  private record Outputs(NDArray logProbs, NDArray values) {}

  private Outputs forward(TokenBatch batch, boolean logProbs, boolean values) {
    NDArray hidden = model.hidden(batch.tokens());
    return new Outputs(
        logProbs ? targetLogProbs(logDistribution(hidden), batch) : null,
        values ? model.scalars(hidden) : null);
  }

  private NDArray logDistribution(NDArray hidden) {
    NDArray logits = model.logits(hidden);
    NDArray tempered =
        temperature == 1
            ? logits
            : logits.mul(model.owned(new float[] {(float) (1 / temperature)}, new Shape()));
    return tempered.logSoftmax(-1);
  }

  private static NDArray targetLogProbs(NDArray logDistribution, TokenBatch batch) {
    int rows = batch.size();
    int length = batch.tokens()[0].length;
    long[] flat = new long[rows * length];
    for (int b = 0; b < rows; b++) {
      for (int t = 0; t < length; t++) {
        flat[b * length + t] = batch.targets()[b][t];
      }
    }
    NDArray targets = logDistribution.getManager().create(flat, new Shape(rows, length, 1));
    return logDistribution.gather(targets, 2).squeeze(-1);
  }

  /** Feeds the loss's gradient in by way of its inner product with the outputs. */
  private void backward(Outputs outputs, Loss.Gradient gradient) {
    NDArray surrogate = null;
    if (gradient.byLogProb() != null) {
      surrogate = inner(outputs.logProbs, gradient.byLogProb());
    }
    if (gradient.byValue() != null) {
      NDArray byValue = inner(outputs.values, gradient.byValue());
      surrogate = surrogate == null ? byValue : surrogate.add(byValue);
    }
    GradScope.backward(surrogate);
  }

  private NDArray inner(NDArray outputs, float[][] gradient) {
    float[] flat = new float[Math.toIntExact(outputs.size())];
    int length = gradient[0].length;
    for (int b = 0; b < gradient.length; b++) {
      System.arraycopy(gradient[b], 0, flat, b * length, length);
    }
    return outputs.mul(model.owned(flat, outputs.getShape())).sum();
  }

  @Override
  public Evaluation evaluate(TokenBatch batch) {
    List<float[]> logProbs = new ArrayList<>();
    List<float[]> values = new ArrayList<>();
    List<float[]> entropy = new ArrayList<>();
    for (TokenBatch part : Microbatches.of(batch, microbatchRows)) {
      try (GradScope off = GradScope.off();
          NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        NDArray hidden = model.hidden(part.tokens());
        NDArray distribution = logDistribution(hidden);
        logProbs.addAll(List.of(matrix(targetLogProbs(distribution, part))));
        values.addAll(List.of(matrix(model.scalars(hidden))));
        entropy.addAll(
            List.of(matrix(distribution.exp().mul(distribution).sum(new int[] {-1}).neg())));
      }
    }
    return new Evaluation(
        logProbs.toArray(float[][]::new),
        values.toArray(float[][]::new),
        entropy.toArray(float[][]::new));
  }

  private static float[][] matrix(NDArray array) {
    if (array == null) {
      return null;
    }
    int rows = Math.toIntExact(array.getShape().get(0));
    int columns = Math.toIntExact(array.getShape().get(1));
    float[] flat = array.toFloatArray();
    float[][] matrix = new float[rows][columns];
    for (int b = 0; b < rows; b++) {
      System.arraycopy(flat, b * columns, matrix[b], 0, columns);
    }
    return matrix;
  }

  @Override
  public double optimStep(AdamW.Settings settings) {
    return optimizer().step(settings);
  }

  @Override
  public List<Generator.Completion> sample(
      List<Generator.Request> requests, Generator.Settings settings) {
    return new Generator(model).generate(requests, settings);
  }

  @Override
  public void saveState(Path folder) {
    try {
      Files.createDirectories(folder);
      SafeTensors.write(folder.resolve(WEIGHTS), model.tensors());
      SafeTensors.write(folder.resolve(OPTIMIZER), optimizer().state());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void loadState(Path folder) {
    try (GradScope off = GradScope.off()) {
      Map<String, SafeTensors.Tensor> weights = SafeTensors.read(folder.resolve(WEIGHTS));
      model.parameters().forEach((name, parameter) -> parameter.set(weights.get(name).values()));
      optimizer().restore(SafeTensors.read(folder.resolve(OPTIMIZER)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
