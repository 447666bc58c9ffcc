package io.lakeloop.session;

import java.util.Map;

/** Told after every training step; the run context shows and records it. */
@FunctionalInterface
public interface Progress {
  void step(int step, int totalSteps, Map<String, Double> metrics);
}
