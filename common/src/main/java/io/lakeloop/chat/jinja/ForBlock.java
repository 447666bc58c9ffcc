package io.lakeloop.chat.jinja;

import io.lakeloop.chat.jinja.Statement.Flow;
import java.util.ArrayList;
import java.util.List;

/**
 * A for block.
 *
 * @param target takes each item under its names
 * @param test which items are met, or null for all
 * @param otherwise what is done where no item was met
 */
record ForBlock(
    Target target,
    Expression test,
    boolean recursive,
    List<Statement> body,
    List<Statement> otherwise) {

  /** Puts an item under the loop's names. */
  @FunctionalInterface
  interface Target {
    void set(Frame frame, Object item);
  }

  Flow run(Object over, Frame frame, int depth) {
    List<Object> items = met(Python.items(over, frame.budget()), frame);
    Loop loop = new Loop(items, depth, recursive ? again(depth) : null);
    if (!loop.hasNext()) {
      return StatementParser.run(otherwise, frame.inner());
    }
    while (loop.hasNext()) {
      frame.budget().step(1);
      Frame inside = frame.inner();
      target.set(inside, loop.next());
      inside.set("loop", loop);
      if (StatementParser.run(body, inside) == Flow.BREAK) {
        break;
      }
    }
    return Flow.NEXT;
  }

  private List<Object> met(List<Object> items, Frame frame) {
    if (test == null) {
      return items;
    }
    List<Object> met = new ArrayList<>();
    for (Object item : items) {
      frame.budget().step(1);
      Frame inside = frame.inner();
      target.set(inside, item);
      if (Python.truth(test.value(inside))) {
        met.add(item);
      }
    }
    frame.budget().items(met.size());
    return met;
  }

  private Function again(int depth) {
    return (frame, arguments) -> {
      frame.budget().enter();
      Frame apart = frame.apart();
      run(arguments.bind("loop", "iterable").get(0), apart, depth + 1);
      frame.budget().leave();
      return apart.out.toString();
    };
  }
}
