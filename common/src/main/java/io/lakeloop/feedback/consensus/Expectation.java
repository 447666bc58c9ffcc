package io.lakeloop.feedback.consensus;

import io.lakeloop.agreement.FixedSums;
import io.lakeloop.agreement.TruthModel;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Expectation-maximisation as Spark aggregations: blocks give sums, the driver gives parameters,
 * and holds no more than these. The sums are exact, so the bits do not depend on who adds them.
 */
public final class Expectation {

  /** Told of every step: its number from 0 and the objective before it. */
  public interface Watcher {
    void step(int number, double objective);
  }

  private final int iterations;
  private final double tolerance;

  /**
   * @param iterations steps at most
   * @param tolerance change of the objective, relative to it, at which steps end
   */
  public Expectation(int iterations, double tolerance) {
    this.iterations = iterations;
    this.tolerance = tolerance;
  }

  /** Fits the model to the blocks, from its start. */
  public <B> TruthModel<B> fit(JavaRDD<B> blocks, TruthModel<B> start, Watcher watcher) {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(blocks.context());
    TruthModel<B> model = start;
    double last = Double.NaN;
    for (int step = 0; step < iterations; step++) {
      Broadcast<TruthModel<B>> shared = spark.broadcast(model);
      FixedSums sums =
          blocks.map(block -> shared.value().expect(block)).treeReduce(FixedSums::merge);
      shared.destroy();
      double objective = model.objective(sums);
      watcher.step(step, objective);
      if (step > 1 && Math.abs(objective - last) <= tolerance * Math.abs(objective)) {
        return model;
      }
      last = objective;
      model = model.maximise(sums);
    }
    return model;
  }
}
