package io.lakeloop.chat.jinja;

import java.util.List;

/** The variable {@code loop} inside a for block. */
final class Loop implements Function {
  private final List<Object> items;
  private final int depth;
  private final Function again;
  private int at = -1;
  private Object last = new Object();

  /**
   * @param again walks another iterable with the same body, or null where the loop is not recursive
   */
  Loop(List<Object> items, int depth, Function again) {
    this.items = items;
    this.depth = depth;
    this.again = again;
  }

  Object next() {
    return items.get(++at);
  }

  boolean hasNext() {
    return at + 1 < items.size();
  }

  int depth() {
    return depth;
  }

  Object attribute(String name) {
    return switch (name) {
      case "index" -> at + 1L;
      case "index0" -> (long) at;
      case "revindex" -> (long) items.size() - at;
      case "revindex0" -> items.size() - at - 1L;
      case "first" -> at == 0;
      case "last" -> at == items.size() - 1;
      case "length" -> (long) items.size();
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "previtem" -> at > 0 ? present(items.get(at - 1)) : none("previous");
      case "nextitem" -> at + 1 < items.size() ? present(items.get(at + 1)) : none("next");
      case "cycle" ->
          (Function) (frame, arguments) -> arguments.places().get(at % arguments.places().size());
      case "changed" -> (Function) this::changed;
      default -> null;
    };
  }

  private static Object present(Object item) {
    return item == null ? new Undefined("None") : item;
  }

  private static Undefined none(String which) {
    return new Undefined("there is no " + which + " item");
  }

  private Object changed(Frame frame, Arguments arguments) {
    boolean changed = !Python.equal(last, arguments.places(), frame.budget());
    last = arguments.places();
    return changed;
  }

  @Override
  public Object call(Frame frame, Arguments arguments) {
    if (again == null) {
      throw TemplateException.value("the loop is not marked 'recursive'");
    }
    return again.call(frame, arguments);
  }
}
