package io.lakeloop.lm;

/**
 * Numbers that some families multiply by on the way, 1 where there are none, and the caps that they
 * softly hold scores under, 0 where there are none.
 *
 * @param embedding of what the embedding gives
 * @param attention of the queries, beside the usual {@code E^-0.5}
 * @param residual of what a half of a layer adds
 * @param logits of the logits
 * @param attentionCap of the attention scores
 * @param logitCap of the logits, behind their scale
 */
record Scales(
    double embedding,
    double attention,
    double residual,
    double logits,
    double attentionCap,
    double logitCap) {
  static final Scales NONE = new Scales(1, 1, 1, 1, 0, 0);
}
