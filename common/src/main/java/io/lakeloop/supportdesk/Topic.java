package io.lakeloop.supportdesk;

import java.util.List;

/** What people write to the support desk about, and the one answer that solves each. */
enum Topic {
  PASSWORD(
      "password",
      "Open Settings, choose Reset password and follow the link in the mail.",
      "I forgot my password for {product}.",
      "{product} says my password is wrong.",
      "How do I set a new password in {product}?",
      "My password for {product} no longer works."),
  REFUND(
      "refund",
      "Open Orders, pick the item and press Request refund within thirty days.",
      "I want a refund for {product}.",
      "How do I get a refund for my {product} order?",
      "Please refund {product}, it does not suit me.",
      "Can I have a refund for {product}?"),
  DELIVERY(
      "parcel",
      "The tracking page shows the parcel; a late one is sent again after five days.",
      "My {product} parcel has not arrived.",
      "Where is the parcel with my {product}?",
      "The parcel with {product} is a week late.",
      "My {product} parcel is lost."),
  CANCEL(
      "subscription",
      "Go to Billing, press Cancel subscription and confirm; it lasts until the month ends.",
      "I want to end my {product} subscription.",
      "How do I stop the {product} subscription?",
      "Please stop my subscription to {product}.",
      "Where can I cancel the {product} subscription?"),
  DOUBLE_CHARGE(
      "charged",
      "You are charged once; the second booking is reserved and released in three days.",
      "I was charged twice for {product}.",
      "Why was I charged two times for {product}?",
      "My card was charged again for {product}.",
      "{product} charged me twice this month."),
  TWO_FACTOR(
      "code",
      "Use a backup code once, then register the new phone under Security.",
      "I lost my phone and get no code for {product}.",
      "{product} asks for a code that never comes.",
      "The login code for {product} does not arrive.",
      "How do I sign in to {product} without the code?"),
  CRASH(
      "crashes",
      "The latest version no longer crashes, so update it and restart the device.",
      "{product} crashes when I open it.",
      "My {product} app crashes every day.",
      "{product} crashes after the last update.",
      "Why does {product} keep going down, it crashes all the time?"),
  ADDRESS(
      "address",
      "Edit the address under Profile before the order is packed.",
      "I moved and must change my address for {product}.",
      "How do I change the address of my {product} order?",
      "The address on my {product} order is wrong.",
      "Please use my new address for {product}."),
  DAMAGED(
      "broken",
      "Send a photo of the broken part through the Return form and we replace it.",
      "My {product} arrived broken.",
      "The {product} in the box was broken.",
      "{product} is broken after two days.",
      "I got a broken {product}."),
  INVOICE(
      "invoice",
      "Every invoice is under Billing, History, as a file to download.",
      "I need an invoice for {product}.",
      "Where is the invoice for my {product} order?",
      "My company needs the {product} invoice.",
      "Please give me the invoice for {product}."),
  EXPORT(
      "export",
      "Choose Privacy, then export my data, and the archive is ready in an hour.",
      "How do I export my data from {product}?",
      "I want to export everything out of {product}.",
      "Can I export my notes from {product}?",
      "The export in {product} is hard to find."),
  SYNC(
      "sync",
      "Turn sync off and on again under Devices and stay on the wireless network.",
      "{product} does not sync with my laptop.",
      "The sync in {product} is very slow.",
      "My two devices do not sync in {product}.",
      "Why does {product} not sync my files?");

  /** The word by which a prompt of this topic is known. */
  private final String keyword;

  private final String solution;
  private final List<String> questions;

  Topic(String keyword, String solution, String... questions) {
    this.keyword = keyword;
    this.solution = solution;
    this.questions = List.of(questions);
  }

  String solution() {
    return solution;
  }

  List<String> questions() {
    return questions;
  }

  /** Returns the topic that the prompt is about, or null. */
  static Topic of(String prompt) {
    String text = prompt.toLowerCase(java.util.Locale.ROOT);
    for (Topic topic : values()) {
      if (text.contains(topic.keyword)) {
        return topic;
      }
    }
    return null;
  }
}
