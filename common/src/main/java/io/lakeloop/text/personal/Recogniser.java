package io.lakeloop.text.personal;

import java.util.List;

/** Finds some kinds of personal data. */
public interface Recogniser {

  /** What it finds in the text, at any confidence; findings may overlap. */
  List<Finding> find(String text);
}
