"""What is taught and when: articles become lessons, lessons a course, a course each learner's calendar."""
