package io.lakeloop.evaluation;

/** Scores answers apart from anything that training has seen. */
public interface Judge {
  String name();

  String version();

  double score(String prompt, String completion);
}
