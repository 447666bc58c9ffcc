package io.lakeloop.feedback;

/** A record, or a part of one, cannot be used; the refusal says why. */
public final class Unusable extends Exception {
  private static final long serialVersionUID = 1;
  private final transient Refusal refusal;

  public Unusable(String code, String reason) {
    super(reason);
    this.refusal = new Refusal(code, reason);
  }

  public Refusal refusal() {
    return refusal;
  }
}
