package io.lakeloop.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.Name;
import io.lakeloop.config.UserError;
import io.lakeloop.registry.Registry.AliasEvent;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Where aliases point, and their moves: a record each, which only grows. */
final class Aliases implements Serializable {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final ArtifactStore store;

  Aliases(ArtifactStore store) {
    this.store = store;
  }

  private static String record(Name model, Alias alias) {
    return "aliases/" + model + "/" + alias + ".json";
  }

  /**
   * Moves of the alias, oldest first.
   *
   * @throws UserError ARTIFACT_CORRUPT if its record is empty or garbled
   */
  List<AliasEvent> history(Name model, Alias alias) throws IOException {
    Optional<String> record = store.record(record(model, alias));
    return record.isEmpty() ? List.of() : events(model, alias, record.get());
  }

  private static List<AliasEvent> events(Name model, Alias alias, String record)
      throws IOException {
    try {
      List<AliasEvent> events = JSON.readValue(record, new TypeReference<>() {});
      if (events != null && events.stream().allMatch(Objects::nonNull)) {
        return events;
      }
    } catch (JsonProcessingException e) {
      // Told below.
    }
    throw new UserError(
        ErrorCode.ARTIFACT_CORRUPT,
        "Cannot read the alias %s/%s: its record %s in the registry is %s. Restore the record, or"
            + " delete it and promote again.",
        model,
        alias,
        record(model, alias),
        record.isBlank() ? "empty" : "garbled");
  }

  /**
   * Points the alias to the version. A run moves an alias once: a retry returns the first move.
   *
   * @throws UserError GATE_FAILED if another writer moved it in between
   */
  AliasEvent move(
      Alias alias, ModelVersion target, String actor, Name runId, String reason, String at)
      throws IOException {
    Name model = Name.parse(target.model());
    String name = record(model, alias);
    Optional<String> before = store.record(name);
    List<AliasEvent> events =
        new ArrayList<>(before.isEmpty() ? List.of() : events(model, alias, before.get()));
    for (AliasEvent event : events) {
      if (runId.text().equals(event.runId())) {
        return event;
      }
    }
    int from = events.isEmpty() ? 0 : events.get(events.size() - 1).to();
    AliasEvent event = new AliasEvent(from, target.version(), actor, runId.text(), reason, at);
    events.add(event);
    if (!store.replaceRecord(name, before, JSON.writeValueAsString(events))) {
      throw new UserError(
          ErrorCode.GATE_FAILED,
          "Cannot move %s/%s to version %d: another run moved it meanwhile. Look at its history"
              + " and run promote again.",
          target.model(),
          alias,
          target.version());
    }
    return event;
  }
}
