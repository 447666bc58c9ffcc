package io.lakeloop.lm;

import java.io.Serializable;
import java.util.List;

/**
 * Tokens that generation treats apart.
 *
 * @param end each of them ends a completion
 * @param banned never drawn, as the padding, which is no answer whatever a model believes
 */
public record SpecialTokens(List<Integer> end, List<Integer> banned) implements Serializable {
  public SpecialTokens {
    end = List.copyOf(end);
    banned = List.copyOf(banned);
  }
}
