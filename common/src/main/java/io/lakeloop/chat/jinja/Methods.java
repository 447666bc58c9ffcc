package io.lakeloop.chat.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;

/** The methods of texts, dicts and lists that read; none that writes. */
final class Methods {
  private Methods() {}

  /** The method bound to the value, or null where there is none of that name. */
  static Function of(Object value, String name) {
    if (value instanceof String text) {
      Function method = ofText(text, name);
      return method == null
          ? null
          : (frame, arguments) -> {
            frame.budget().read(text);
            return method.call(frame, arguments);
          };
    } else if (value instanceof Map<?, ?> map) {
      return ofDict(map, name);
    } else if (value instanceof List<?> list) {
      return ofList(list, name);
    }
    return null;
  }

  private static Function ofDict(Map<?, ?> map, String name) {
    return switch (name) {
      case "get" ->
          (frame, arguments) -> {
            Arguments.Bound bound = arguments.bind("get", "key", "default");
            Object key = bound.get(0) instanceof Undefined ? null : Python.key(bound.get(0));
            return map.containsKey(key) ? map.get(key) : bound.get(1, null);
          };
      case "keys" -> (frame, none) -> view(frame, "dict_keys", new ArrayList<>(map.keySet()));
      case "values" -> (frame, none) -> view(frame, "dict_values", new ArrayList<>(map.values()));
      case "items" -> (frame, none) -> items(map, frame);
      case "copy" ->
          (frame, none) -> {
            frame.budget().items(map.size());
            return new LinkedHashMap<>(map);
          };
      case "clear", "pop", "popitem", "setdefault", "update" -> writing("a dict", name);
      default -> null;
    };
  }

  static View items(Map<?, ?> map, Frame frame) {
    List<Object> pairs = new ArrayList<>();
    map.forEach((key, value) -> pairs.add(Tuple.of(key, value)));
    return view(frame, "dict_items", pairs);
  }

  private static View view(Frame frame, String name, List<Object> items) {
    frame.budget().items(items.size());
    return new View(name, items);
  }

  /** As in transformers' sandbox: data that others still read is not changed. */
  private static Function writing(String type, String name) {
    return (frame, arguments) -> {
      throw TemplateException.value("'%s' would change %s, which is not allowed", name, type);
    };
  }

  private static Function ofList(List<?> list, String name) {
    return switch (name) {
      case "count" ->
          (frame, arguments) ->
              list.stream()
                  .filter(
                      item ->
                          Python.equal(
                              item, arguments.bind("count", "value").get(0), frame.budget()))
                  .count();
      case "index" ->
          (frame, arguments) -> {
            Object wanted = arguments.bind("index", "value").get(0);
            for (int i = 0; i < list.size(); i++) {
              if (Python.equal(list.get(i), wanted, frame.budget())) {
                return (long) i;
              }
            }
            throw TemplateException.value("the value is not in the list");
          };
      case "copy" ->
          (frame, none) -> {
            frame.budget().items(list.size());
            return new ArrayList<>(list);
          };
      case "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort" ->
          list instanceof Tuple || list instanceof Range ? null : writing("a list", name);
      default -> null;
    };
  }

  private static Function ofText(String text, String name) {
    Function made = making(text, name);
    if (made == null) {
      made = cutting(text, name);
    }
    return made == null ? asking(text, name) : made;
  }

  private static Function making(String text, String name) {
    return switch (name) {
      case "lower", "casefold" -> same(text, Strings::lower);
      case "upper" -> same(text, Strings::upper);
      case "title" -> same(text, Strings::title);
      case "capitalize" -> same(text, Strings::capitalised);
      case "swapcase" -> same(text, Methods::swapped);
      case "strip" -> strip(text, name, true, true);
      case "lstrip" -> strip(text, name, true, false);
      case "rstrip" -> strip(text, name, false, true);
      case "replace" ->
          (frame, arguments) -> {
            Arguments.Bound bound = arguments.bind("replace", "old", "new", "count");
            return replaced(
                text, bound.text(0), bound.text(1), bound.number(2, -1), frame.budget());
          };
      case "removeprefix" ->
          (frame, arguments) -> {
            String part = arguments.bind(name, "prefix").text(0);
            return text.startsWith(part) ? text.substring(part.length()) : text;
          };
      case "removesuffix" ->
          (frame, arguments) -> {
            String part = arguments.bind(name, "suffix").text(0);
            return text.endsWith(part) ? text.substring(0, text.length() - part.length()) : text;
          };
      case "join" ->
          (frame, arguments) -> {
            List<Object> items =
                Python.items(arguments.bind("join", "iterable").get(0), frame.budget());
            for (Object item : items) {
              if (!(item instanceof String)) {
                throw TemplateException.value("join() takes texts, not %s", Python.type(item));
              }
            }
            return joined(items, text, frame.budget());
          };
      case "format" -> (frame, arguments) -> Format.braces(text, arguments, frame.budget());
      case "ljust", "rjust", "center", "zfill" -> padding(text, name);
      default -> null;
    };
  }

  private static Function same(String text, UnaryOperator<String> make) {
    return (frame, arguments) -> {
      frame.budget().text(text.length());
      arguments.bind("this method");
      return make.apply(text);
    };
  }

  private static String swapped(String text) {
    StringBuilder swapped = new StringBuilder();
    text.codePoints()
        .mapToObj(Character::toString)
        .forEach(
            c -> swapped.append(Strings.upper(c).equals(c) ? Strings.lower(c) : Strings.upper(c)));
    return swapped.toString();
  }

  private static Function strip(String text, String name, boolean left, boolean right) {
    return (frame, arguments) -> {
      Object characters = arguments.bind(name, "chars").get(0, null);
      return stripped(text, characters, left, right);
    };
  }

  static String stripped(String text, Object characters, boolean left, boolean right) {
    if (characters instanceof String some) {
      return Strings.strip(text, some, left, right);
    } else if (characters != null) {
      throw TemplateException.value("strip() takes a text, not %s", Python.type(characters));
    }
    String start = left ? Strings.stripLeft(text) : text;
    return right ? Strings.stripRight(start) : start;
  }

  static String replaced(String text, String old, String with, long count, Budget budget) {
    StringBuilder replaced = new StringBuilder();
    int from = 0;
    long left = count < 0 ? Long.MAX_VALUE : count;
    int at = text.indexOf(old);
    while (at >= 0 && left-- > 0) {
      replaced.append(text, from, at).append(with);
      from = at + old.length();
      if (old.isEmpty() && at < text.length()) {
        replaced.append(text.charAt(at));
        from++;
      } else if (old.isEmpty()) {
        break;
      }
      if (replaced.length() > Budget.MOST_OUTPUT) {
        budget.text(replaced.length());
      }
      at = text.indexOf(old, from);
    }
    replaced.append(text.substring(Math.min(from, text.length())));
    budget.text(replaced.length());
    return replaced.toString();
  }

  static String joined(List<Object> items, String separator, Budget budget) {
    StringBuilder joined = new StringBuilder();
    for (int i = 0; i < items.size(); i++) {
      joined.append(i == 0 ? "" : separator).append(Printer.str(items.get(i), budget));
      if (joined.length() > Budget.MOST_OUTPUT) {
        budget.text(joined.length());
      }
    }
    budget.step(items.size());
    budget.text(joined.length());
    return joined.toString();
  }

  private static Function padding(String text, String name) {
    return (frame, arguments) -> {
      Arguments.Bound bound = arguments.bind(name, "width", "fillchar");
      int missing = Math.max(0, bound.number(0, 0) - Strings.length(text));
      frame.budget().text(missing);
      String fill = bound.has(1) ? bound.text(1) : " ";
      if (Strings.length(fill) != 1) {
        throw TemplateException.value("%s() fills with one letter", name);
      }
      return switch (name) {
        case "ljust" -> text + fill.repeat(missing);
        case "rjust" -> fill.repeat(missing) + text;
        case "zfill" -> {
          int sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
          yield text.substring(0, sign) + "0".repeat(missing) + text.substring(sign);
        }
        default -> centred(text, fill, missing, bound.number(0, 0));
      };
    };
  }

  private static String centred(String text, String fill, int missing, int width) {
    int left = missing / 2 + (missing & width & 1);
    return fill.repeat(left) + text + fill.repeat(missing - left);
  }

  private static Function cutting(String text, String name) {
    return switch (name) {
      case "split", "rsplit" ->
          (frame, arguments) -> {
            Arguments.Bound bound = arguments.bind(name, "sep", "maxsplit");
            int most = bound.number(1, -1);
            return parts(text, bound.get(0, null), most, name.equals("rsplit"), frame.budget());
          };
      case "splitlines" ->
          (frame, arguments) -> {
            boolean keep = arguments.bind(name, "keepends").truth(0);
            List<Object> lines = lines(text, keep);
            frame.budget().items(lines.size());
            return lines;
          };
      case "partition", "rpartition" ->
          (frame, arguments) -> partition(text, arguments.bind(name, "sep").text(0), name);
      default -> null;
    };
  }

  private static List<Object> parts(
      String text, Object separator, int most, boolean fromRight, Budget budget) {
    List<Object> parts;
    if (separator == null) {
      parts = fromRight ? words(reversed(text), most) : words(text, most);
      if (fromRight) {
        Collections.reverse(parts);
        parts.replaceAll(part -> reversed((String) part));
      }
    } else if (separator instanceof String by && !by.isEmpty()) {
      parts = fromRight ? partsFromRight(text, by, most) : partsFromLeft(text, by, most);
    } else {
      throw TemplateException.value("a text is split at a text that is not empty");
    }
    budget.items(parts.size());
    return parts;
  }

  private static String reversed(String text) {
    return new StringBuilder(text).reverse().toString();
  }

  private static List<Object> words(String text, int most) {
    List<Object> words = new ArrayList<>();
    String rest = Strings.stripLeft(text);
    int from = 0;
    while (from < rest.length()) {
      if (words.size() == most) {
        words.add(rest.substring(from));
        return words;
      }
      int end = from;
      while (end < rest.length() && !Strings.isBlank(rest.charAt(end))) {
        end++;
      }
      words.add(rest.substring(from, end));
      from = end;
      while (from < rest.length() && Strings.isBlank(rest.charAt(from))) {
        from++;
      }
    }
    return words;
  }

  private static List<Object> partsFromLeft(String text, String separator, int most) {
    List<Object> parts = new ArrayList<>();
    int from = 0;
    int at = text.indexOf(separator);
    while (at >= 0 && parts.size() != most) {
      parts.add(text.substring(from, at));
      from = at + separator.length();
      at = text.indexOf(separator, from);
    }
    parts.add(text.substring(from));
    return parts;
  }

  private static List<Object> partsFromRight(String text, String separator, int most) {
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    int at = text.lastIndexOf(separator, end - separator.length());
    while (at >= 0 && parts.size() != most) {
      parts.add(text.substring(at + separator.length(), end));
      end = at;
      at = end >= separator.length() ? text.lastIndexOf(separator, end - separator.length()) : -1;
    }
    parts.add(text.substring(0, end));
    Collections.reverse(parts);
    return parts;
  }

  private static List<Object> lines(String text, boolean keepEnds) {
    List<Object> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean ends =
          c >= '\n' && c <= '\r'
              || c >= 0x1c && c <= 0x1e
              || c == 0x85
              || c == 0x2028
              || c == 0x2029;
      if (ends) {
        int after = c == '\r' && text.startsWith("\n", i + 1) ? i + 2 : i + 1;
        lines.add(text.substring(from, keepEnds ? after : i));
        from = after;
        i = after - 1;
      }
    }
    if (from < text.length()) {
      lines.add(text.substring(from));
    }
    return lines;
  }

  private static Tuple partition(String text, String separator, String name) {
    boolean right = name.equals("rpartition");
    int at = right ? text.lastIndexOf(separator) : text.indexOf(separator);
    if (at < 0) {
      return right ? Tuple.of("", "", text) : Tuple.of(text, "", "");
    }
    return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }

  private static Function asking(String text, String name) {
    return switch (name) {
      case "startswith", "endswith" ->
          (frame, arguments) -> {
            Object part = arguments.bind(name, "prefix").get(0);
            List<?> parts = part instanceof Tuple tuple ? tuple : List.of(Python.defined(part));
            return parts.stream().anyMatch(each -> meets(text, each, name));
          };
      case "find", "rfind", "index", "rindex" ->
          (frame, arguments) -> found(text, arguments.bind(name, "sub").text(0), name);
      case "count" ->
          (frame, arguments) -> {
            String part = arguments.bind(name, "sub").text(0);
            return part.isEmpty()
                ? Strings.length(text) + 1L
                : partsFromLeft(text, part, -1).size() - 1L;
          };
      case "isdigit", "isdecimal", "isnumeric" -> all(text, Character::isDigit);
      case "isalpha" -> all(text, Character::isLetter);
      case "isalnum" -> all(text, Character::isLetterOrDigit);
      case "isspace" -> all(text, Strings::isBlank);
      case "isascii" -> (frame, none) -> text.chars().allMatch(c -> c < 128);
      case "isupper" -> (frame, none) -> isUpper(text);
      case "islower" -> (frame, none) -> isLower(text);
      case "istitle" ->
          (frame, none) ->
              text.codePoints().anyMatch(Character::isLetter) && Strings.title(text).equals(text);
      default -> null;
    };
  }

  static boolean isUpper(String text) {
    return text.codePoints().anyMatch(Character::isUpperCase)
        && text.codePoints().noneMatch(Character::isLowerCase);
  }

  static boolean isLower(String text) {
    return text.codePoints().anyMatch(Character::isLowerCase)
        && text.codePoints().noneMatch(Character::isUpperCase);
  }

  private static boolean meets(String text, Object part, String name) {
    if (!(part instanceof String some)) {
      throw TemplateException.value("%s() takes a text, not %s", name, Python.type(part));
    }
    return name.equals("startswith") ? text.startsWith(some) : text.endsWith(some);
  }

  private static Object found(String text, String part, String name) {
    int at = name.startsWith("r") ? text.lastIndexOf(part) : text.indexOf(part);
    if (at < 0 && name.endsWith("index")) {
      throw TemplateException.value("the part is not in the text");
    }
    return at < 0 ? -1L : (long) text.codePointCount(0, at);
  }

  private static Function all(String text, IntPredicate predicate) {
    return (frame, none) -> !text.isEmpty() && text.codePoints().allMatch(predicate);
  }
}
