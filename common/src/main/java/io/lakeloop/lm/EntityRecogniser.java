package io.lakeloop.lm;

import ai.djl.MalformedModelException;
import ai.djl.huggingface.translator.TokenClassificationTranslatorFactory;
import ai.djl.inference.Predictor;
import ai.djl.modality.nlp.translator.NamedEntity;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import io.lakeloop.config.Digest;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.text.personal.Finding;
import io.lakeloop.text.personal.Kind;
import io.lakeloop.text.personal.Recogniser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Names and addresses by a token-classification model: a folder in DJL's layout, {@code model.pt},
 * {@code tokenizer.json} and {@code config.json} with {@code id2label}, as {@code djl-convert}
 * writes it. Its TorchScript is code that runs, so it is loaded only where its digest is the one
 * that was set. Thread-safe: calls wait for one another.
 */
public final class EntityRecogniser implements Recogniser {
  /**
   * Models read 512 tokens; a window of so many characters has fewer in any script but rare ones.
   */
  private static final int WINDOW = 1000;

  private final ZooModel<String, NamedEntity[]> model;
  private final Predictor<String, NamedEntity[]> predictor;

  /**
   * Loads the model.
   *
   * @param sha256 of {@code model.pt}, hexadecimal
   * @throws UserError INPUT_MISSING where the folder lacks a file, CONFIG_INVALID where the digest
   *     is another
   */
  public EntityRecogniser(Path folder, String sha256) {
    try {
      for (String file : List.of("model.pt", "tokenizer.json", "config.json")) {
        if (!Files.isRegularFile(folder.resolve(file))) {
          throw new UserError(
              ErrorCode.INPUT_MISSING,
              "Cannot find names with %s: it has no %s. Convert a model with djl-convert.",
              folder,
              file);
        }
      }
      String digest = Digest.of(folder.resolve("model.pt"));
      if (!digest.equals(sha256)) {
        throw new UserError(
            ErrorCode.CONFIG_INVALID,
            "Cannot find names with %s: model.pt has the SHA-256 %s, not %s. Set the digest of the"
                + " model that was checked.",
            folder,
            digest,
            sha256);
      }
      model =
          Criteria.builder()
              .setTypes(String.class, NamedEntity[].class)
              .optModelPath(folder)
              .optEngine("PyTorch")
              .optTranslatorFactory(new TokenClassificationTranslatorFactory())
              .build()
              .loadModel();
      predictor = model.newPredictor();
    } catch (IOException | ModelNotFoundException | MalformedModelException e) {
      throw new UserError(
          ErrorCode.INPUT_UNREADABLE,
          "Cannot find names with %s: %s. Convert the model again.",
          folder,
          e.getMessage());
    }
  }

  @Override
  public synchronized List<Finding> find(String text) {
    List<Finding> found = new ArrayList<>();
    int from = 0;
    while (from < text.length()) {
      int to = Math.min(text.length(), from + WINDOW);
      int space = to < text.length() ? text.lastIndexOf(' ', to) : to;
      to = space > from ? space : to;
      window(text.substring(from, to), from, found);
      from = to;
    }
    return found;
  }

  private void window(String text, int offset, List<Finding> found) {
    if (text.isBlank()) {
      return;
    }
    try {
      for (NamedEntity entity : predictor.predict(text)) {
        Kind kind = kind(entity.getEntity());
        if (kind != null && entity.getEnd() > entity.getStart()) {
          add(
              new Finding(
                  kind, offset + entity.getStart(), offset + entity.getEnd(), entity.getScore()),
              entity.getEntity().startsWith("B-"),
              text,
              offset,
              found);
        }
      }
    } catch (TranslateException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * A model names tokens: those of one name, with at most a space between them, are one finding.
   */
  private static void add(
      Finding token, boolean begins, String text, int offset, List<Finding> found) {
    Finding last = found.isEmpty() ? null : found.get(found.size() - 1);
    boolean touches = last != null && last.end() == token.start();
    boolean follows =
        last != null
            && last.kind() == token.kind()
            && last.end() <= token.start()
            && last.end() >= offset
            && text.substring(last.end() - offset, token.start() - offset).isBlank()
            && (touches || !begins);
    if (follows) {
      found.set(
          found.size() - 1,
          new Finding(
              last.kind(),
              last.start(),
              token.end(),
              Math.max(last.confidence(), token.confidence())));
    } else {
      found.add(token);
    }
  }

  private static Kind kind(String label) {
    return switch (label.replaceFirst("^[BIES]-", "").toUpperCase(Locale.ROOT)) {
      case "PER", "PERSON", "NAME" -> Kind.NAME;
      case "LOC", "LOCATION", "GPE", "ADDRESS", "STREET_ADDRESS" -> Kind.ADDRESS;
      default -> null;
    };
  }
}
