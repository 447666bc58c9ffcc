package io.lakeloop.chat.jinja;

/**
 * What one rendering may take, so that no template holds up a run or fills the memory: steps, room
 * for all values that it makes, and depth. A conversation of 100,000 messages takes some millions
 * of steps.
 */
final class Budget {
  static final int MOST_OUTPUT = 16 << 20;
  private static final long MOST_STEPS = 50_000_000;
  private static final long MOST_ROOM = 160L << 20;
  private static final int CHARACTERS_A_STEP = 64;
  private static final int ROOM_OF_ITEM = 8;
  private static final int DEEPEST = 100;

  /** What Jinja's own sandbox allows. */
  static final int LONGEST_RANGE = 100_000;

  private long steps;
  private long room;
  private int depth;

  /** Takes steps: one for each statement, call, and item that is looked at. */
  void step(long count) {
    steps += count;
    if (steps > MOST_STEPS) {
      throw TemplateException.limit("it was stopped after %,d steps", MOST_STEPS);
    }
  }

  /** Takes steps for a value that is looked through, where it is a text. */
  void read(Object value) {
    if (value instanceof String text) {
      step(text.length() / CHARACTERS_A_STEP);
    }
  }

  /** Takes room for a text of that many characters. */
  void text(long characters) {
    if (characters > MOST_OUTPUT) {
      throw TemplateException.limit(
          "it makes a text of %,d characters; up to %,d are allowed", characters, MOST_OUTPUT);
    }
    room(characters);
  }

  /** Takes room for a list or mapping of that many items. */
  void items(long count) {
    step(count / 8 + 1);
    room(count * ROOM_OF_ITEM);
  }

  private void room(long more) {
    room += more;
    if (room > MOST_ROOM) {
      throw TemplateException.limit("its texts and lists take more than %,d characters", MOST_ROOM);
    }
  }

  /** Enters a macro, a recursive loop, or a level of nested values. */
  void enter() {
    if (++depth > DEEPEST) {
      throw TemplateException.limit("it nests deeper than %d levels", DEEPEST);
    }
  }

  void leave() {
    depth--;
  }
}
