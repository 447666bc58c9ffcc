package io.lakeloop.config;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Reads a job's settings: its YAML file, then {@code --set key=value}. The file is where defaults
 * live, so every key must be in it; keys are the record's components in kebab-case, dotted where
 * records nest. All that is wrong is told at once.
 */
public final class Settings {
  private static final ObjectMapper YAML =
      YAMLMapper.builder(
              YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .build();

  /** Enums are written as they are read: kebab-case. */
  private static final JsonSerializer<Enum<?>> ENUMS =
      new JsonSerializer<>() {
        @Override
        public void serialize(Enum<?> value, JsonGenerator out, SerializerProvider provider)
            throws IOException {
          out.writeString(RecordReader.name(value));
        }
      };

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .registerModule(new SimpleModule().addSerializer(enumClass(), ENUMS))
          .setPropertyNamingStrategy(PropertyNamingStrategies.KEBAB_CASE)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  private Settings() {}

  @SuppressWarnings("unchecked")
  private static Class<Enum<?>> enumClass() {
    return (Class<Enum<?>>) (Class<?>) Enum.class;
  }

  /**
   * Resolves the settings of {@code subject}.
   *
   * @param files each over the ones before it, key by key
   * @throws UserError CONFIG_INVALID with every unknown key (and the nearest known one), missing
   *     key, value of the wrong type or out of range; INPUT_MISSING if there is no such file
   */
  public static <T extends Record> T load(
      Class<T> type, String subject, List<Path> files, Map<String, String> overrides) {
    Problems problems = Problems.in(subject);
    ObjectNode tree = JsonNodeFactory.instance.objectNode();
    files.forEach(file -> merge(tree, parse(file, subject)));
    overrides.forEach((key, value) -> override(tree, type, key, value, problems));
    RecordReader.unknownKeys(type, tree, "", problems);
    T settings = new RecordReader(problems).read(type, tree, "");
    problems.throwIfAny();
    return settings;
  }

  private static ObjectNode parse(Path file, String subject) {
    if (!Files.isRegularFile(file)) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot read the settings of %s: there is no file %s. Name a folder of settings with"
              + " --conf, or an environment with --env.",
          subject,
          file);
    }
    try {
      JsonNode tree = YAML.readTree(file.toFile());
      if (tree == null || tree.isMissingNode() || tree.isNull()) {
        return JsonNodeFactory.instance.objectNode();
      }
      if (tree instanceof ObjectNode object) {
        return object;
      }
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot use the settings in %s: they must be 'key: value' lines.",
          file);
    } catch (JsonProcessingException e) {
      throw new UserError(
          ErrorCode.CONFIG_INVALID,
          "Cannot use the settings in %s: %s.",
          file,
          e.getOriginalMessage().lines().findFirst().orElse("not YAML"));
    } catch (IOException e) {
      throw new UserError(
          ErrorCode.INPUT_MISSING, "Cannot read the settings in %s: %s.", file, e.getMessage());
    }
  }

  private static void merge(ObjectNode tree, ObjectNode over) {
    over.properties()
        .forEach(
            entry -> {
              if (tree.get(entry.getKey()) instanceof ObjectNode below
                  && entry.getValue() instanceof ObjectNode above) {
                merge(below, above);
              } else {
                tree.set(entry.getKey(), entry.getValue());
              }
            });
  }

  /** Puts one {@code --set} into the tree, read by the type that its key has. */
  private static void override(
      ObjectNode tree, Class<?> type, String key, String value, Problems problems) {
    ObjectNode at = tree;
    Class<?> here = type;
    String[] parts = key.split("\\.", -1);
    for (int i = 0; i < parts.length - 1; i++) {
      JsonNode inner = at.get(parts[i]);
      at = inner instanceof ObjectNode object ? object : at.putObject(parts[i]);
      here = RecordReader.component(here, parts[i]).<Class<?>>map(c -> c.getType()).orElse(here);
    }
    String last = parts[parts.length - 1];
    Class<?> target =
        RecordReader.component(here, last)
            .<Class<?>>map(RecordComponent::getType)
            .orElse(Object.class);
    at.set(last, overrideValue(target, key, value, problems));
  }

  private static JsonNode overrideValue(
      Class<?> target, String key, String value, Problems problems) {
    if (target == List.class) {
      ArrayNode list = JsonNodeFactory.instance.arrayNode();
      Arrays.stream(value.split(","))
          .map(String::strip)
          .filter(s -> !s.isEmpty())
          .forEach(list::add);
      return list;
    }
    if (target == Map.class) {
      ObjectNode map = JsonNodeFactory.instance.objectNode();
      for (String entry : value.split(",")) {
        String[] pair = parts(entry);
        if (pair.length == 2) {
          map.put(pair[0].strip(), pair[1].strip());
        } else if (!entry.isBlank()) {
          problems.add("%s must be name=value,name=value, got '%s'", key, entry);
        }
      }
      return map;
    }
    if (target.isPrimitive()) {
      try {
        return YAML.readTree(value);
      } catch (JsonProcessingException e) {
        return TextNode.valueOf(value);
      }
    }
    return TextNode.valueOf(value);
  }

  /** Name and value, apart by the last sign: an answer's name may hold some, its value none. */
  private static String[] parts(String entry) {
    int sign = entry.lastIndexOf('=');
    return sign < 0
        ? new String[] {entry}
        : new String[] {entry.substring(0, sign), entry.substring(sign + 1)};
  }

  /** The settings as JSON with sorted maps: equal settings give equal text. */
  public static String toJson(Object settings) {
    return write(settings);
  }

  /**
   * The same with every text in it changed.
   *
   * @param text what is written for a text
   */
  public static String toJson(Object settings, UnaryOperator<String> text) {
    return write(changed(JSON.valueToTree(settings), text));
  }

  private static JsonNode changed(JsonNode node, UnaryOperator<String> text) {
    if (node.isTextual()) {
      return TextNode.valueOf(text.apply(node.textValue()));
    }
    if (node instanceof ArrayNode list) {
      ArrayNode all = JsonNodeFactory.instance.arrayNode();
      list.forEach(element -> all.add(changed(element, text)));
      return all;
    }
    if (node instanceof ObjectNode group) {
      ObjectNode all = JsonNodeFactory.instance.objectNode();
      group.properties().forEach(e -> all.set(e.getKey(), changed(e.getValue(), text)));
      return all;
    }
    return node;
  }

  private static String write(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
