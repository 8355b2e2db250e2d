"""Raw text to words and sentences, in the way in which the words of the training text were separated."""
