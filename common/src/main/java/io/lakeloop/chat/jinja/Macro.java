package io.lakeloop.chat.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a macro block defines, or the body of a call block.
 *
 * @param frame that it was defined in
 * @param extras which of varargs, kwargs and caller the body mentions
 */
record Macro(Signature signature, List<Statement> body, Frame frame, Set<String> extras)
    implements Function {

  /**
   * Parameters with their defaults.
   *
   * @param defaults of the last parameters
   */
  record Signature(String name, List<String> parameters, List<Expression> defaults) {}

  String name() {
    return signature.name();
  }

  @Override
  public Object call(Frame caller, Arguments arguments) {
    Budget budget = caller.budget();
    budget.step(1);
    budget.enter();
    Frame inside = frame.apart();
    bind(inside, arguments);
    StatementParser.run(body, inside);
    budget.leave();
    return inside.out.toString();
  }

  private void bind(Frame inside, Arguments arguments) {
    List<String> parameters = signature.parameters();
    Map<String, Object> names = new LinkedHashMap<>(arguments.names());
    int places = arguments.places().size();
    for (int i = 0; i < parameters.size(); i++) {
      String parameter = parameters.get(i);
      if (i < places) {
        inside.set(parameter, arguments.places().get(i));
      } else if (names.containsKey(parameter)) {
        inside.set(parameter, names.remove(parameter));
      } else {
        int fallback = i - parameters.size() + signature.defaults().size();
        inside.set(
            parameter,
            fallback < 0
                ? new Undefined("parameter '" + parameter + "' was not provided")
                : signature.defaults().get(fallback).value(inside));
      }
    }
    Object caller = names.containsKey("caller") ? names.remove("caller") : noCaller();
    if (extras.contains("caller") && !parameters.contains("caller")) {
      inside.set("caller", caller);
    }
    bindRest(inside, arguments.from(Math.min(places, parameters.size())).places(), names);
  }

  private static Undefined noCaller() {
    return new Undefined("No caller defined");
  }

  private void bindRest(Frame inside, List<Object> places, Map<String, Object> names) {
    if (extras.contains("varargs")) {
      inside.set("varargs", new Tuple(places));
    } else if (!places.isEmpty()) {
      throw TemplateException.value(
          "macro '%s' takes not more than %d arguments", name(), signature.parameters().size());
    }
    if (extras.contains("kwargs")) {
      inside.set("kwargs", names);
    } else if (!names.isEmpty()) {
      throw TemplateException.value(
          "macro '%s' takes no argument '%s'", name(), names.keySet().iterator().next());
    }
  }
}
