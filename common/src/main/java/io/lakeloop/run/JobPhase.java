package io.lakeloop.run;

import org.apache.spark.SparkContext;

/** Names what Spark jobs are for, in Spark's user interface and to its listeners. */
public final class JobPhase {
  /** Local property that jobs carry. */
  public static final String PROPERTY = "lakeloop.phase";

  private JobPhase() {}

  /** Runs work whose Spark jobs belong to the phase. */
  public static void run(SparkContext spark, String phase, Runnable work) {
    String before = spark.getLocalProperty(PROPERTY);
    String description = spark.getLocalProperty("spark.job.description");
    spark.setLocalProperty(PROPERTY, phase);
    spark.setJobDescription(phase);
    try {
      work.run();
    } finally {
      spark.setLocalProperty(PROPERTY, before);
      spark.setJobDescription(description);
    }
  }
}
