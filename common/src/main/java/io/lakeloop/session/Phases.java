package io.lakeloop.session;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the time of a step goes: for each phase the seconds that somebody waited, and of those the
 * seconds that models computed. For people only; no result depends on it.
 */
public final class Phases {
  private final Map<String, Double> waited = new LinkedHashMap<>();
  private final Map<String, Double> computed = new LinkedHashMap<>();

  /** Adds to a phase that was all waiting, or all the driver's own work. */
  public void add(String phase, double seconds) {
    add(phase, seconds, 0);
  }

  /**
   * Adds to a phase.
   *
   * @param computedSeconds share in which models computed
   */
  public void add(String phase, double seconds, double computedSeconds) {
    waited.merge(phase, seconds, Double::sum);
    computed.merge(phase, Math.min(seconds, computedSeconds), Double::sum);
  }

  /** Seconds by phase since the last call, and begins anew. */
  public Map<String, Double> take() {
    Map<String, Double> taken = new LinkedHashMap<>();
    double all = 0;
    double models = 0;
    for (Map.Entry<String, Double> phase : waited.entrySet()) {
      taken.put("seconds/" + phase.getKey(), phase.getValue());
      all += phase.getValue();
      models += computed.get(phase.getKey());
    }
    computed.forEach((phase, seconds) -> taken.put("model_seconds/" + phase, seconds));
    taken.put("seconds/step", all);
    taken.put("model_seconds/step", models);
    waited.clear();
    computed.clear();
    return taken;
  }
}
