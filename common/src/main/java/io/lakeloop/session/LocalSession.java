package io.lakeloop.session;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.lakeloop.algorithm.CounterRandom;
import io.lakeloop.algorithm.Loss;
import io.lakeloop.algorithm.TokenBatch;
import io.lakeloop.lm.AdamW;
import io.lakeloop.lm.CausalLm;
import io.lakeloop.lm.Generator;
import io.lakeloop.lm.ParameterFile;
import io.lakeloop.lm.Trace;
import io.lakeloop.lm.safetensors.SafeTensors;
import io.lakeloop.lm.torch.GradScope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A training session on one device: the model lies in this process. */
public final class LocalSession implements TrainingSession {
  private static final String WEIGHTS = "weights.safetensors";
  private static final String OPTIMIZER = "optimizer.safetensors";

  private final CausalLm model;
  private final CausalLm valueModel;
  private final EngineSettings engine;
  private final double temperature;
  private AdamW optimizer;
  private long passes;

  /**
   * @param engine its adapter and precision are the model's own affair
   * @param temperature divides the logits in evaluation and update, as it does in sampling (D3)
   */
  public LocalSession(CausalLm model, EngineSettings engine, double temperature) {
    this(model, model, engine, temperature);
  }

  /** A session whose values come from a model of their own rather than a head beside the policy. */
  public LocalSession(
      CausalLm model, CausalLm valueModel, EngineSettings engine, double temperature) {
    this.model = model;
    this.valueModel = valueModel;
    this.engine = engine;
    this.temperature = temperature;
  }

  public CausalLm model() {
    return model;
  }

  /** Made when training begins: a model that is only read needs neither moments nor gradients. */
  private AdamW optimizer() {
    if (optimizer == null) {
      optimizer = new AdamW(parameters(), model.memory());
    }
    return optimizer;
  }

  private List<CausalLm> models() {
    return valueModel == model ? List.of(model) : List.of(model, valueModel);
  }

  private Map<String, NDArray> parameters() {
    return named(CausalLm::parameters);
  }

  /** Arrays of the model and of a value model of its own, which may go by the same names. */
  private Map<String, NDArray> named(Function<CausalLm, Map<String, NDArray>> arrays) {
    Map<String, NDArray> named = new LinkedHashMap<>(arrays.apply(model));
    if (valueModel != model) {
      arrays.apply(valueModel).forEach((name, array) -> named.put("value." + name, array));
    }
    return named;
  }

  @Override
  public LossReport forwardBackward(TokenBatch batch, Loss loss) {
    // Counted from the last optimizer step, so that a resumed session drops the same inputs.
    return forwardBackward(batch, loss, CounterRandom.bits(steps(), passes++));
  }

  /**
   * Runs forward and backward.
   *
   * @param dropoutKey what the adapter's dropout depends on, beside the microbatch's number
   */
  LossReport forwardBackward(TokenBatch batch, Loss loss, long dropoutKey) {
    models().stream().filter(each -> !each.isTracked()).forEach(CausalLm::track);
    int rows = Math.max(1, engine.microbatchRows() / loss.rowsPerUnit()) * loss.rowsPerUnit();
    double total = 0;
    Map<String, Double> metrics = new LinkedHashMap<>();
    int number = 0;
    for (TokenBatch part : Microbatches.of(batch, rows)) {
      long partKey = CounterRandom.bits(dropoutKey, number++) | 1;
      try (GradScope recording = GradScope.recording();
          NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        Loss.Gradient gradient = forwardBackwardPart(part, loss, partKey);
        total += gradient.loss();
        Loss.merge(metrics, gradient.metrics());
      }
    }
    return new LossReport(total, metrics);
  }

  private Loss.Gradient forwardBackwardPart(TokenBatch part, Loss loss, long dropoutKey) {
    Layout layout = Layout.of(part, engine.packing());
    Layout.Positions positions = layout.positions((b, t) -> loss.reads(part, b, t));
    Branch policy = loss.readsLogProbs() ? new Branch(model, layout, dropoutKey) : null;
    Branch critic = null;
    if (loss.readsValues()) {
      critic =
          policy != null && valueModel == model
              ? policy
              : new Branch(valueModel, layout, dropoutKey);
    }
    Heads.Result logProbs = policy == null ? null : policy.heads(positions).logProbs();
    Heads.Result values = critic == null ? null : critic.heads(positions).values();
    Loss.Gradient gradient = loss.evaluate(part, spread(logProbs, part), spread(values, part));
    if (gradient.byLogProb() != null) {
      logProbs.backward(gradient.byLogProb());
    }
    if (gradient.byValue() != null) {
      values.backward(gradient.byValue());
    }
    if (policy != null) {
      policy.backward();
    }
    if (critic != null && critic != policy) {
      critic.backward();
    }
    return gradient;
  }

  private static float[][] spread(Heads.Result result, TokenBatch part) {
    return result == null ? null : result.spread(part.size(), part.tokens()[0].length);
  }

  /** A model's pass over one microbatch, cut between its layers and its heads. */
  private final class Branch {
    private final CausalLm of;
    private final Trace trace;
    private final NDArray leaf;

    private Branch(CausalLm of, Layout layout, long dropoutKey) {
      this.of = of;
      this.trace = of.trace(layout.rows(), dropoutKey, engine.recompute());
      this.leaf = GradScope.leaf(trace.hidden());
    }

    private Heads heads(Layout.Positions positions) {
      return new Heads(of, leaf, positions, temperature);
    }

    private void backward() {
      NDArray gradient = leaf.getGradient();
      if (gradient != null) {
        trace.backward(gradient);
      }
    }
  }

  @Override
  public Evaluation evaluate(TokenBatch batch) {
    List<float[]> logProbs = new ArrayList<>();
    List<float[]> values = new ArrayList<>();
    List<float[]> entropy = new ArrayList<>();
    for (TokenBatch part : Microbatches.of(batch, engine.microbatchRows())) {
      try (GradScope off = GradScope.off();
          NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        Layout layout = Layout.of(part, engine.packing());
        float[][] mask = part.inputs().get(TokenBatch.MASK);
        Layout.Positions all = layout.positions((b, t) -> mask == null || mask[b][t] != 0);
        NDArray hidden = model.hidden(layout.rows());
        Heads heads = new Heads(model, hidden, all, temperature);
        logProbs.addAll(List.of(spread(heads.logProbs(), part)));
        entropy.addAll(List.of(spread(heads.entropies(), part)));
        Heads critic =
            valueModel == model
                ? heads
                : new Heads(valueModel, valueModel.hidden(layout.rows()), all, temperature);
        values.addAll(List.of(spread(critic.values(), part)));
      }
    }
    return new Evaluation(
        logProbs.toArray(float[][]::new),
        values.toArray(float[][]::new),
        entropy.toArray(float[][]::new));
  }

  @Override
  public double optimStep(AdamW.Settings settings) {
    passes = 0;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return optimizer().step(named(CausalLm::gradients), settings);
    } finally {
      models().forEach(CausalLm::untrack);
    }
  }

  /** Optimizer steps taken so far. */
  long steps() {
    return optimizer == null ? 0 : optimizer.steps();
  }

  /** Applies a gradient that was summed elsewhere, laid out as {@link #takeGradient} gives it. */
  double optimStep(float[] gradient, AdamW.Settings settings) {
    try (GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      Map<String, NDArray> gradients = new LinkedHashMap<>();
      int at = 0;
      for (Map.Entry<String, NDArray> parameter : parameters().entrySet()) {
        Shape shape = parameter.getValue().getShape();
        int end = at + (int) shape.size();
        gradients.put(
            parameter.getKey(),
            model.memory().constant(Arrays.copyOfRange(gradient, at, end), shape));
        at = end;
      }
      return optimizer().step(gradients, settings);
    }
  }

  /** Number of values that are trained. */
  int trainedCount() {
    return Math.toIntExact(parameters().values().stream().mapToLong(NDArray::size).sum());
  }

  /** The trained weights, one after another in their fixed order. */
  float[] trained() {
    return flat(parameters());
  }

  /** The gradient gathered since the last call, laid out as {@link #trained}; and forgets it. */
  float[] takeGradient() {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return flat(named(CausalLm::gradients));
    } finally {
      models().forEach(CausalLm::untrack);
    }
  }

  private float[] flat(Map<String, NDArray> arrays) {
    float[] all = new float[trainedCount()];
    int at = 0;
    for (NDArray array : arrays.values()) {
      float[] values = array.toFloatArray();
      System.arraycopy(values, 0, all, at, values.length);
      at += values.length;
    }
    return all;
  }

  /** Overwrites the trained weights by what {@link #trained} of an equal session gave. */
  void load(float[] trained) {
    try (GradScope off = GradScope.off();
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      int at = 0;
      for (NDArray parameter : parameters().values()) {
        int end = at + (int) parameter.size();
        model
            .memory()
            .constant(Arrays.copyOfRange(trained, at, end), parameter.getShape())
            .copyTo(parameter);
        at = end;
      }
    }
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
      ParameterFile.write(folder.resolve(WEIGHTS), parameters());
      SafeTensors.write(folder.resolve(OPTIMIZER), optimizer().state());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void loadState(Path folder) {
    try {
      models().forEach(CausalLm::untrack);
      ParameterFile.read(folder.resolve(WEIGHTS), parameters(), model.memory());
      optimizer().restore(SafeTensors.open(folder.resolve(OPTIMIZER)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets go of the optimizer; the model goes on being used. */
  public void endTraining() {
    if (optimizer != null) {
      models().forEach(CausalLm::untrack);
      optimizer.close();
      optimizer = null;
    }
  }

  /** Lets go of the optimizer and of the models, a shared base excepted. */
  @Override
  public void close() {
    endTraining();
    model.close();
    if (valueModel != model) {
      valueModel.close();
    }
  }
}
